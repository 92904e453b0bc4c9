/** protoc's JSON name of a field: an underscore goes and the letter after it becomes a capital. */
export function jsonName(name: string): string {
  return name.replace(/_+(.)?/g, (_, next: string | undefined) => (next ?? "").toUpperCase());
}
