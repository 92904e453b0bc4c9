import type { Model } from "./model.js";
import type { Field, Message } from "./proto.js";

const known = new WeakMap<Model["messages"], Map<string, boolean>>();

/** Whether there is something to check in messages of a type: rules of its own, or of messages in its fields. */
export function hasChecks(model: Pick<Model, "messages">, typeName: string): boolean {
  let results = known.get(model.messages);
  if (results === undefined) known.set(model.messages, (results = new Map()));
  const result = results.get(typeName);
  if (result !== undefined) return result;
  // a search of its own for each start: in a cycle an unfinished "no" must not be kept
  const found = search(model, typeName, new Set(), results);
  results.set(typeName, found);
  return found;
}

function search(
  model: Pick<Model, "messages">,
  typeName: string,
  seen: Set<string>,
  results: ReadonlyMap<string, boolean>,
): boolean {
  if (seen.has(typeName)) return false;
  seen.add(typeName);
  const result = results.get(typeName);
  if (result !== undefined) return result;
  const message = model.messages.get(typeName);
  if (message === undefined) return false;
  return (
    hasOwnRules(message) ||
    message.fields.some((field) => {
      const inner = innerMessage(field);
      return inner !== undefined && search(model, inner, seen, results);
    })
  );
}

/** The message that a field holds, or that its items or values are. */
function innerMessage({ type }: Pick<Field, "type">): string | undefined {
  const value = type.kind === "map" ? type.value : type;
  return value.kind === "message" ? value.typeName : undefined;
}

function hasOwnRules({ options, fields, oneofs }: Message): boolean {
  return (
    options.get("[buf.validate.message]") instanceof Map ||
    fields.some((field) => field.options.get("[buf.validate.field]") instanceof Map) ||
    oneofs.some((oneof) => {
      const rules = oneof.options.get("[buf.validate.oneof]");
      return rules instanceof Map && rules.get("required") === true;
    })
  );
}
