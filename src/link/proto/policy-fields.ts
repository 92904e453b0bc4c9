import { diagnostic, nearest } from "../../diagnostics/index.js";
import type { Field, Message, Origin, ScalarType } from "../../model/index.js";
import type { PolicyPath } from "../../runtime/policy/index.js";
import { spell, type PolicyEntry } from "../policy/index.js";
import type { LinkContext } from "./context.js";

/** The field at the end of a path through messages, none of it repeated; undefined where there is none. */
export function singleField(
  messages: ReadonlyMap<string, Message>,
  typeName: string,
  path: readonly string[],
): Field | undefined {
  let message = messages.get(typeName);
  let found: Field | undefined;
  for (const part of path) {
    found = message?.fields.find(({ name }) => name === part);
    if (found === undefined || found.repeated) return undefined;
    message = found.type.kind === "message" ? messages.get(found.type.typeName) : undefined;
  }
  return found;
}

/** Numbers that are the same only by chance, and too few values to tell anything by. */
const noKeys: ReadonlySet<ScalarType> = new Set<ScalarType>(["double", "float", "bool"]);

/** Holds the fields that a policy names against the request. */
export function checkKeyFields(
  { messages, report }: LinkContext,
  entries: ReadonlyMap<PolicyPath, PolicyEntry>,
  method: { readonly input: string },
): void {
  const check = (path: PolicyPath, entry: PolicyEntry, field: string, origin: Origin): void => {
    const parts = field.split(".");
    const type = singleField(messages, method.input, parts)?.type;
    const fits =
      type?.kind === "scalar"
        ? path !== "idempotencyKey" || !noKeys.has(type.scalar)
        : type?.kind === "enum" && path !== "idempotencyKey";
    if (fits) return;
    report(
      diagnostic("E2083", origin, {
        name: spell(path, entry.level),
        field,
        on: method.input,
        nearest: nearestField(messages, method.input, parts),
      }),
    );
  };
  const key = entries.get("idempotencyKey");
  if (typeof key?.value === "string") check("idempotencyKey", key, key.value, key.origin);
  const fields = entries.get("cache.keyFields");
  if (fields === undefined || !Array.isArray(fields.value)) return;
  for (const [i, field] of fields.value.entries()) {
    check("cache.keyFields", fields, String(field), fields.items[i] ?? fields.origin);
  }
}

/** The path with its first unknown part replaced by the closest name there is. */
function nearestField(
  messages: ReadonlyMap<string, Message>,
  typeName: string,
  path: readonly string[],
): string | undefined {
  const known = path.findIndex((_, i) => singleField(messages, typeName, path.slice(0, i + 1)) === undefined);
  if (known === -1) return undefined;
  const before = path.slice(0, known);
  const type = before.length === 0 ? undefined : singleField(messages, typeName, before)?.type;
  const message = messages.get(type?.kind === "message" ? type.typeName : typeName);
  const close = nearest(path[known] ?? "", message?.fields.map(({ name }) => name) ?? []);
  return close === undefined || close === path[known] ? undefined : [...before, close].join(".");
}
