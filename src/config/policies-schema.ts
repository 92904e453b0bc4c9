import type { JsonObject } from "../model/index.js";
import { failureCodes, policyPaths, ruleOf, type PolicyRule } from "../runtime/policy/index.js";
import { configKey, policyParts } from "./policies.js";

/** The JSON Schema of `policies`, made of the rules that its checker keeps. */
export function policiesSchema(): JsonObject {
  const properties: Record<string, JsonObject> = {};
  for (const [part, known] of policyParts) properties[part] = partSchema(part, known);
  properties["scopes"] = { type: "object", additionalProperties: { type: "string" } };
  return { type: "object", properties, additionalProperties: false };
}

function partSchema(part: string, known: ReadonlyMap<string, (typeof policyPaths)[number]>): JsonObject {
  const single = policyPaths.find((path) => configKey(path) === part);
  if (single !== undefined) return ruleSchema(ruleOf(single));
  const properties: Record<string, JsonObject> = {};
  for (const [key, path] of known) properties[key] = ruleSchema(ruleOf(path));
  return { type: "object", properties, additionalProperties: false, minProperties: 1 };
}

/** ISO 8601; the same text as in schemas/asyncapi-extensions.schema.json. */
const durationPattern = "^P(?!$)(\\d+W|(\\d+D)?(T(?=\\d)(\\d+H)?(\\d+M)?(\\d+([.,]\\d+)?S)?)?)$";

/** What JSON Schema can say of a rule; the rest is said when the configuration is read. */
export function ruleSchema(rule: PolicyRule): JsonObject {
  switch (rule.kind) {
    case "duration":
      return { type: "string", pattern: durationPattern };
    case "count":
      return { type: "integer", minimum: rule.least, maximum: rule.most };
    case "number":
      return rule.above === undefined
        ? { type: "number", minimum: rule.least ?? 0, maximum: rule.most }
        : { type: "number", exclusiveMinimum: rule.above, maximum: rule.most };
    case "flag":
      return { type: "boolean" };
    case "choice":
      return { enum: rule.values };
    case "field":
      return { type: "string", minLength: 1 };
    case "limitKey": {
      const claim = { type: "object", properties: { claim: { type: "string", minLength: 1 } } };
      return { anyOf: [{ enum: ["method", "peer"] }, { ...claim, required: ["claim"], additionalProperties: false }] };
    }
    case "codes":
      return { type: "array", items: { enum: failureCodes }, minItems: 1, uniqueItems: true };
    case "scopes":
    case "names":
    case "fields":
      return { type: "array", items: { type: "string", minLength: 1 }, minItems: 1, uniqueItems: true };
  }
}
