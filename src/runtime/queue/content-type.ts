/** True for `application/json` and everything that ends in `+json`, whatever its parameters. */
export function isJson(contentType: string): boolean {
  const end = contentType.indexOf(";");
  const essence = (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
  return essence.endsWith("/json") || essence.endsWith("+json");
}
