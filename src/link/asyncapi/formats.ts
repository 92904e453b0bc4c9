import { isProtobufFormat } from "../../model/index.js";

/** What a `schemaFormat` means to us. */
export type SchemaFormat = "json" | "draft7" | "openapi" | "avro" | "protobuf" | "other";

/** Sorts a media type as `schemaFormat` has it; empty: the default, AsyncAPI's superset of JSON Schema draft 7. */
export function schemaFormatOf(mediaType: string): SchemaFormat {
  const type = (mediaType.split(";", 1)[0] ?? "").trim().toLowerCase();
  if (type === "") return "json";
  if (/^application\/vnd\.aai\.asyncapi(\+(json|yaml))?$/.test(type)) return "json";
  if (/^application\/schema(\+(json|yaml))?$/.test(type)) return "draft7";
  if (/^application\/vnd\.oai\.openapi(\+(json|yaml))?$/.test(type)) return "openapi";
  if (/^application\/vnd\.apache\.avro(\+(json|yaml))?$/.test(type)) return "avro";
  if (isProtobufFormat(type)) return "protobuf";
  return "other";
}
