import type { EventsFile } from "./events.js";
import type { Enum, Extension, Message, ProtoFile, Service } from "./proto.js";

export type SourceFile = ProtoFile | EventsFile;

/** Everything the contracts say, linked and checked; what all generators read. Plain data. */
export interface Model {
  /** Sorted by path. */
  readonly protos: readonly ProtoFile[];
  /** Sorted by path. */
  readonly events: readonly EventsFile[];
  /** By full name, nested ones included. */
  readonly messages: ReadonlyMap<string, Message>;
  readonly enums: ReadonlyMap<string, Enum>;
  readonly services: ReadonlyMap<string, Service>;
  readonly extensions: ReadonlyMap<string, Extension>;
  /** Proto files by canonical path. */
  readonly files: ReadonlyMap<string, ProtoFile>;
}

/** The message of that full name. @throws when the model is inconsistent, which is our bug. */
export function messageOf(model: Model, typeName: string): Message {
  const message = model.messages.get(typeName);
  if (message === undefined) throw new Error(`model has no message ${typeName}`);
  return message;
}

/** The enum of that full name. @throws when the model is inconsistent, which is our bug. */
export function enumOf(model: Model, typeName: string): Enum {
  const found = model.enums.get(typeName);
  if (found === undefined) throw new Error(`model has no enum ${typeName}`);
  return found;
}

/** The files that are emitted, protos first, each kind sorted by path. */
export function emittedFiles(model: Model): readonly SourceFile[] {
  return [...model.protos, ...model.events].filter((file) => file.emit);
}

/** The enums of a file, those within messages too, outer ones first. */
export function enumsOf(file: Pick<ProtoFile, "enums" | "messages">): readonly Enum[] {
  return [...file.enums, ...file.messages.flatMap((message) => enumsOf(message))];
}
