import type { Enum, Message, Model, ValueForms } from "../../model/index.js";
import { enumOf, messageOf } from "../../model/index.js";
import type { Scope } from "../../plan/index.js";
import { hasChecks } from "./rules/reach.js";
import { type FunctionKey, functionName } from "./names.js";
import { redactingMessages } from "./redaction.js";
import { nullName, timestampName, wellKnownFiles } from "./well-known.js";

/** What emitting one file needs; every name that it gives is imported where it has to be. */
export interface Emit {
  /** A function of the runtime. */
  readonly wire: (name: string) => string;
  /** A type of the runtime. */
  readonly wireType: (name: string) => string;
  readonly global: (name: string) => string;
  /** What 64-bit fields without `jstype` are. */
  readonly int64: ValueForms["int64"];
  /** What fields of a message type hold: the message, but for Timestamps where they are something else. */
  readonly messageType: (typeName: string) => string;
  readonly initType: (typeName: string) => string;
  readonly enumType: (typeName: string) => string;
  /** False for a message type whose fields hold something else. */
  readonly holdsMessage: (typeName: string) => boolean;
  /** The constant object of an enum. */
  readonly enumValue: (typeName: string) => string;
  readonly enumInfo: (typeName: string) => string;
  readonly extension: (typeName: string) => string;
  /** True for an enum whose values are names in programs. */
  readonly hasNames: (typeName: string) => boolean;
  /** One of the functions for what fields of a message type hold. */
  readonly functionOf: (key: FunctionKey, typeName: string) => string;
  readonly defaults: (typeName: string) => string;
  /** The codec constant of a message. */
  readonly messageConstant: (typeName: string) => string;
  /** True for a message with fields that are kept out of logs, of its own or within. */
  readonly redacts: (typeName: string) => boolean;
  /** The function that hides them. */
  readonly redaction: (typeName: string) => string;
  /** True for messages that a validator checks. */
  readonly hasRules: (typeName: string) => boolean;
  readonly message: (typeName: string) => Message;
  readonly enum: (typeName: string) => Enum;
}

/** What Timestamp fields hold where that is no message, and the name that the runtime's functions for it are made of. */
const timestampForms = {
  date: { type: "Date", name: "TimestampDate" },
  string: { type: "string", name: "TimestampText" },
} as const;

/** The names of one output file by what they stand for. */
export function createEmit(model: Model, scope: Scope, { int64, timestamp, enums }: ValueForms): Emit {
  const held = (typeName: string): (typeof timestampForms)[keyof typeof timestampForms] | undefined =>
    timestamp === "message" || typeName !== timestampName ? undefined : timestampForms[timestamp];
  const fieldType = (kind: "message" | "init", typeName: string): string => {
    const type = held(typeName)?.type;
    if (type === undefined) return scope.type(`${kind}:${typeName}`);
    return type === "Date" ? scope.global(type) : type;
  };
  return {
    wire: (name) => scope.runtime("wire", name),
    wireType: (name) => scope.runtimeType("wire", name),
    global: (name) => scope.global(name),
    int64,
    messageType: (typeName) => fieldType("message", typeName),
    initType: (typeName) => fieldType("init", typeName),
    holdsMessage: (typeName) => held(typeName) === undefined,
    enumType: (typeName) => scope.type(`enum:${typeName}`),
    enumValue: (typeName) => scope.value(`enum:${typeName}`),
    enumInfo: (typeName) => scope.value(`enumInfo:${typeName}`),
    extension: (typeName) => scope.value(`extension:${typeName}`),
    // those of the runtime are numbers in all programs
    hasNames: (typeName) =>
      enums === "string" && typeName !== nullName && !wellKnownFiles.has(enumOf(model, typeName).file),
    functionOf(key, typeName) {
      const form = held(typeName);
      if (form === undefined) return scope.value(`${key}:${typeName}`);
      return scope.runtime("wkt", functionName(key, form.name));
    },
    hasRules: (typeName) => hasChecks(model, typeName),
    defaults: (typeName) => scope.value(`defaults:${typeName}`),
    messageConstant: (typeName) => scope.value(`message:${typeName}`),
    redacts: (typeName) => redactingMessages(model).has(typeName),
    redaction: (typeName) => scope.value(`redact:${typeName}`),
    message: (typeName) => messageOf(model, typeName),
    enum: (typeName) => enumOf(model, typeName),
  };
}
