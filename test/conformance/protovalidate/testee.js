// The program under test: a request of the suite on stdin, the answer on stdout. `emitted/` is what our generator made
// of the suite's descriptors; `all.js` there brings every message type and validator.
import { readFileSync, writeFileSync } from "node:fs";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import * as wkt from "@wirespan/runtime/wkt";
import { isRuleError } from "@wirespan/runtime/validate";
import { all } from "emitted/all.js";
import { Violations } from "emitted/buf/validate/validate.pb.js";
import { readRequest, writeResponse } from "./harness.js";
import { pathElements } from "./paths.js";

const types = new Map();
const validators = new Map();
for (const value of [...Object.values(wkt), ...all]) {
  if (value?.kind === "message") types.set(value.typeName, value);
  else if (typeof value === "function" && value.typeName !== undefined) validators.set(value.typeName, value);
}

const { set, cases } = readRequest(readFileSync(0));
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, set));
writeFileSync(1, writeResponse(cases.map((one) => [one.name, answer(one)])));

function answer({ typeUrl, value }) {
  const typeName = typeUrl.slice(typeUrl.lastIndexOf("/") + 1);
  const type = types.get(typeName);
  if (type === undefined) return { unexpectedError: `unknown message type ${typeName}` };
  try {
    const message = type.decode(value);
    const found = validators.get(typeName)?.(message) ?? [];
    if (found.length === 0) return { success: true };
    return { validationError: Violations.encode({ violations: found.map((one) => violation(one, typeName)) }) };
  } catch (error) {
    if (!isRuleError(error)) return { unexpectedError: String(error.stack) };
    return { [error.kind === "compile" ? "compilationError" : "runtimeError"]: error.message };
  }
}

function violation({ field, rule, ruleId, message, forKey }, typeName) {
  const fieldRules = registry.getMessage("buf.validate.FieldRules");
  return {
    field: fieldPath(field, registry.getMessage(typeName)),
    rule: fieldPath(rule, fieldRules),
    ruleId,
    message,
    forKey: forKey || undefined,
  };
}

function fieldPath(text, message) {
  return text === "" ? undefined : { elements: pathElements(text, message, registry) };
}
