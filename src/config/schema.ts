import type { JsonObject } from "../model/index.js";
import { policiesSchema } from "./policies-schema.js";
import { optionNames, options, type OptionType } from "./options.js";

/** The JSON Schema (draft 7) of configuration files; `schemas/config.schema.json` is its copy. */
export function configSchema(): JsonObject {
  const properties: Record<string, JsonObject> = { $schema: { type: "string" } };
  for (const name of optionNames) {
    const { type, doc, default: fallback } = options[name];
    properties[name] = {
      description: `${doc[0]?.toUpperCase() ?? ""}${doc.slice(1)}.`,
      ...schemaOf(type),
      ...(fallback === undefined ? {} : { default: fallback }),
    };
  }
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "wirespan configuration",
    type: "object",
    properties,
    additionalProperties: false,
  };
}

function schemaOf(type: OptionType): JsonObject {
  switch (type.kind) {
    case "string":
    case "boolean":
      return { type: type.kind };
    case "name":
      // other names are valid, too: a list would refuse them
      return { type: "string" };
    case "strings":
      return { type: "array", items: { type: "string", minLength: 1 } };
    case "choice":
      return { enum: type.values };
    case "policies":
      return policiesSchema();
    case "choices":
      return { type: "array", items: { enum: type.values }, minItems: 1, uniqueItems: true };
  }
}
