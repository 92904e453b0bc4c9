import type { Enum, Message, Model } from "../../model/index.js";
import { enumOf, messageOf } from "../../model/index.js";
import type { Scope } from "../../plan/index.js";
import type { FunctionKey } from "./names.js";

/** What emitting one file needs; every name that it gives is imported where it has to be. */
export interface Emit {
  /** A function of the runtime. */
  readonly wire: (name: string) => string;
  /** A type of the runtime. */
  readonly wireType: (name: string) => string;
  readonly global: (name: string) => string;
  readonly messageType: (typeName: string) => string;
  readonly initType: (typeName: string) => string;
  readonly enumType: (typeName: string) => string;
  /** The constant object of an enum. */
  readonly enumValue: (typeName: string) => string;
  readonly enumInfo: (typeName: string) => string;
  readonly functionOf: (key: FunctionKey, typeName: string) => string;
  readonly defaults: (typeName: string) => string;
  readonly message: (typeName: string) => Message;
  readonly enum: (typeName: string) => Enum;
}

/** The names of one output file by what they stand for. */
export function createEmit(model: Model, scope: Scope): Emit {
  return {
    wire: (name) => scope.runtime("wire", name),
    wireType: (name) => scope.runtimeType("wire", name),
    global: (name) => scope.global(name),
    messageType: (typeName) => scope.type(`message:${typeName}`),
    initType: (typeName) => scope.type(`init:${typeName}`),
    enumType: (typeName) => scope.type(`enum:${typeName}`),
    enumValue: (typeName) => scope.value(`enum:${typeName}`),
    enumInfo: (typeName) => scope.value(`enumInfo:${typeName}`),
    functionOf: (key, typeName) => scope.value(`${key}:${typeName}`),
    defaults: (typeName) => scope.value(`defaults:${typeName}`),
    message: (typeName) => messageOf(model, typeName),
    enum: (typeName) => enumOf(model, typeName),
  };
}
