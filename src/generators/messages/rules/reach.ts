import type { Field, Message, Model, ProtoFile } from "../../../model/index.js";
import { hasChecks, messageOf } from "../../../model/index.js";

export { hasChecks } from "../../../model/index.js";

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
