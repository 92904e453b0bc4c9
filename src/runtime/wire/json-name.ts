/** The usual JSON name of a field. @example jsonName("page_size") // "pageSize" */
export function jsonName(name: string): string {
  return name.replace(/_+(.?)/g, (_, next: string) => next.toUpperCase());
}
