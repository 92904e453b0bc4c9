/** Names under which compressed bodies travel. What else stands in the property (`utf-8`, `binary`) says no such thing. */
const compressions: ReadonlySet<string> = new Set([
  "gzip",
  "x-gzip",
  "deflate",
  "compress",
  "x-compress",
  "br",
  "zstd",
  "lz4",
  "snappy",
  "bzip2",
]);

/**
 * The compression in an AMQP `content-encoding`; undefined for none. Others write the character set there, also behind
 * the compression: `gzip:UTF-8`.
 */
export function compressionIn(contentEncoding: string): string | undefined {
  const found = contentEncoding
    .toLowerCase()
    .split(/[:,]/)
    .map((name) => name.trim())
    .filter((name) => compressions.has(name));
  if (found.length === 0) return undefined;
  return found.map((name) => (name === "x-gzip" ? "gzip" : name)).join(", ");
}
