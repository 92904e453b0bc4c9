/** How a payload is written, as far as its content type says. */
export type Encoding = "json" | "msgpack" | "avro" | "protobuf" | "other";

const known = new Map<string, Encoding>();

/** What a content type means, whatever its parameters. */
export function encodingOf(contentType: string): Encoding {
  let encoding = known.get(contentType);
  if (encoding === undefined) {
    encoding = readEncoding(contentType);
    // others' headers must not fill the memory
    if (known.size < 1_000) known.set(contentType, encoding);
  }
  return encoding;
}

function readEncoding(contentType: string): Encoding {
  const end = contentType.indexOf(";");
  const essence = (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
  if (/[/+]json$/.test(essence)) return "json";
  if (/^application\/(x-|vnd\.)?msgpack$|\+msgpack$/.test(essence)) return "msgpack";
  if (/^(avro\/binary|application\/(x-|vnd\.apache\.)?avro(\+binary)?)$|\+avro$/.test(essence)) return "avro";
  if (/^application\/(x-|vnd\.google\.)?protobuf$|\+(proto|protobuf)$/.test(essence)) return "protobuf";
  return "other";
}

/** True for `application/json` and everything that ends in `+json`, whatever its parameters. */
export function isJson(contentType: string): boolean {
  return encodingOf(contentType) === "json";
}
