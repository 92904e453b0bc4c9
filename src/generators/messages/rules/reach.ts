import type { Field, Message, Model, ProtoFile } from "../../../model/index.js";
import { messageOf } from "../../../model/index.js";
import { fieldRules, isRequiredOneof, messageOption } from "./options.js";

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
export function innerMessage({ type }: Pick<Field, "type">): string | undefined {
  const value = type.kind === "map" ? type.value : type;
  return value.kind === "message" ? value.typeName : undefined;
}

function hasOwnRules(message: Message): boolean {
  return (
    messageOption(message.options, "[buf.validate.message]") !== undefined ||
    message.fields.some((field) => fieldRules(field) !== undefined) ||
    message.oneofs.some(isRequiredOneof)
  );
}

/** All messages of a file, nested ones behind the one around them. */
export function messagesOf({ messages }: Pick<ProtoFile | Message, "messages">): readonly Message[] {
  return messages.flatMap((message) => [message, ...messagesOf(message)]);
}

/** The messages of a file that have a validator. */
export function checkedMessages(file: ProtoFile, model: Pick<Model, "messages">): readonly Message[] {
  return messagesOf(file).filter(({ typeName }) => hasChecks(model, typeName));
}

/** The files whose types messages of a file are made of, itself included, each behind those it needs. */
export function typeFiles(model: Model, file: ProtoFile, also: readonly string[]): readonly ProtoFile[] {
  const done = new Set<ProtoFile>();
  const started = new Set<string>();
  const visit = (path: string): void => {
    const found = model.files.get(path);
    if (found === undefined || started.has(path)) return;
    started.add(path);
    for (const next of neededFiles(model, found)) visit(next);
    done.add(found);
  };
  visit(file.path);
  for (const typeName of also) visit(messageOf(model, typeName).file);
  return [...done];
}

/** The files of the types of a file's fields. */
export function neededFiles(model: Model, file: ProtoFile): readonly string[] {
  const paths = messagesOf(file).flatMap(({ fields }) => fields.map((field) => fileOf(model, field)));
  return [...new Set(paths)].filter((path) => path !== undefined && path !== file.path).map(String);
}

function fileOf(model: Model, { type }: Field): string | undefined {
  const value = type.kind === "map" ? type.value : type;
  if (value.kind === "scalar") return undefined;
  return (value.kind === "enum" ? model.enums : model.messages).get(value.typeName)?.file;
}
