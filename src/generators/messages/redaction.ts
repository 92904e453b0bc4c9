import type { Field, Message, Model } from "../../model/index.js";
import { call, evaluate, type Statement } from "../shared/expressions.js";
import { stringLiteral } from "../shared/print.js";
import type { Emit } from "./context.js";

/** Whether the contract keeps a field out of logs. What it says for this tool counts more than `debug_redact`. */
export function isRedacted({ options }: Pick<Field, "options">): boolean {
  const own = options.get("[wirespan.options.v1.field]");
  const redact = own instanceof Map ? (own as ReadonlyMap<string, unknown>).get("redact") : undefined;
  return typeof redact === "boolean" ? redact : options.get("debug_redact") === true;
}

const known = new WeakMap<Pick<Model, "messages">, ReadonlySet<string>>();

/** Full names of the messages with such fields, of their own or in messages within. Most contracts have none. */
export function redactingMessages(model: Pick<Model, "messages">): ReadonlySet<string> {
  let found = known.get(model);
  if (found === undefined) known.set(model, (found = findRedacting(model)));
  return found;
}

function findRedacting({ messages }: Pick<Model, "messages">): ReadonlySet<string> {
  const found = new Set<string>();
  const waiting: string[] = [];
  const add = (typeName: string): void => {
    if (found.has(typeName)) return;
    found.add(typeName);
    waiting.push(typeName);
  };
  for (const { typeName, fields } of messages.values()) if (fields.some(isRedacted)) add(typeName);
  if (waiting.length === 0) return found;
  const holders = new Map<string, string[]>();
  for (const { typeName, fields } of messages.values()) {
    for (const field of fields) {
      const within = messageIn(field);
      if (within === undefined) continue;
      const list = holders.get(within);
      if (list === undefined) holders.set(within, [typeName]);
      else list.push(typeName);
    }
  }
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) holders.get(next)?.forEach(add);
  return found;
}

/** The message that a field holds, or the values of its map are. */
function messageIn({ type }: Pick<Field, "type">): string | undefined {
  const value = type.kind === "map" ? type.value : type;
  return value.kind === "message" ? value.typeName : undefined;
}

/** The body of the function that hides a message's fields in its JSON. */
export function redactionStatements({ fields }: Message, emit: Emit): readonly Statement[] {
  return fields.flatMap((field) => {
    const name = stringLiteral(field.jsonName);
    if (isRedacted(field)) return [evaluate(call(emit.wire("hide"), "o", name))];
    const within = messageIn(field);
    if (within === undefined || !emit.redacts(within)) return [];
    const hide = emit.wire(field.type.kind === "map" ? "hideInValues" : "hideIn");
    return [evaluate(call(hide, "o", name, emit.messageConstant(within)))];
  });
}
