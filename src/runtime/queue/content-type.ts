/** How a payload is written, as far as its content type says. */
export type Encoding = "json" | "msgpack" | "avro" | "protobuf" | "text" | "other";

interface ContentType {
  /** Without parameters, in lower case. */
  readonly essence: string;
  readonly encoding: Encoding;
}

const known = new Map<string, ContentType>();

function contentTypeOf(text: string): ContentType {
  let found = known.get(text);
  if (found === undefined) {
    found = readContentType(text);
    // others' headers must not fill the memory
    if (known.size < 1_000) known.set(text, found);
  }
  return found;
}

/** What a content type means, whatever its parameters. */
export function encodingOf(contentType: string): Encoding {
  return contentTypeOf(contentType).encoding;
}

function readContentType(text: string): ContentType {
  const end = text.indexOf(";");
  const essence = (end < 0 ? text : text.slice(0, end)).trim().toLowerCase();
  return { essence, encoding: readEncoding(essence) };
}

function readEncoding(essence: string): Encoding {
  if (/[/+]json$/.test(essence)) return "json";
  if (/^application\/(x-|vnd\.)?msgpack$|\+msgpack$/.test(essence)) return "msgpack";
  if (/^(avro\/binary|application\/(x-|vnd\.apache\.)?avro(\+binary)?)$|\+avro$/.test(essence)) return "avro";
  if (/^application\/(x-|vnd\.google\.)?protobuf$|\+(proto|protobuf)$/.test(essence)) return "protobuf";
  return essence.startsWith("text/") ? "text" : "other";
}

/** True for `application/json` and everything that ends in `+json`, whatever its parameters. */
export function isJson(contentType: string): boolean {
  return encodingOf(contentType) === "json";
}

/** True for two content types that differ in their parameters only. */
export function isSameType(one: string, other: string): boolean {
  return one === other || contentTypeOf(one).essence === contentTypeOf(other).essence;
}

/** True for a message that does not say how it is written: `application/octet-stream` means bytes of any kind. */
export function saysNothing(contentType: string): boolean {
  if (contentType === "") return true;
  const { essence } = contentTypeOf(contentType);
  return essence === "" || essence === "application/octet-stream";
}
