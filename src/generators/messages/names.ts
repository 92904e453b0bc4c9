import type { Enum, Message, ProtoFile } from "../../model/index.js";
import { outputStem, safeIdentifier, type SymbolHome, type SymbolTable } from "../../plan/index.js";
import { wellKnownFiles } from "./well-known.js";

/** Functions that every message has, by the prefix of their symbol's key, and their names. */
const functionNames = {
  create: (name: string) => `create${name}`,
  write: (name: string) => `write${name}`,
  read: (name: string) => `read${name}`,
  toJson: (name: string) => `${lowerFirst(name)}ToJson`,
  print: (name: string) => `print${name}`,
  fromJson: (name: string) => `${lowerFirst(name)}FromJson`,
} as const;

/** One of the functions of a message: the prefix of its symbol's key, `write:acme.User`. */
export type FunctionKey = keyof typeof functionNames;

/** The name with a small first letter. */
export function lowerFirst(name: string): string {
  return name.slice(0, 1).toLowerCase() + name.slice(1);
}

/** Where the messages and enums of a file are emitted. */
export function outputPath(file: ProtoFile): string {
  return `${outputStem(file)}.pb.ts`;
}

/** True for the files that the runtime holds ready, unless it is them that are being emitted. */
export function inRuntime(file: ProtoFile, wellKnown: "runtime" | "emit"): boolean {
  return wellKnown === "runtime" && wellKnownFiles.has(file.path);
}

/** A message or enum of a file, nested ones after the message around them. */
export type Declared = Message | Enum;

/** All messages and enums of a file in schema order. */
export function declarationsOf(file: ProtoFile): readonly Declared[] {
  return inOrder(file.messages, file.enums);
}

function inOrder(messages: readonly Message[], enums: readonly Enum[]): readonly Declared[] {
  const own: Declared[] = [...enums, ...messages];
  own.sort((a, b) => a.origin.line - b.origin.line || a.origin.column - b.origin.column);
  return own.flatMap((found) => (found.kind === "enum" ? [found] : [found, ...inOrder(found.messages, found.enums)]));
}

/** `Outer_Inner`: the full name without the package, as an identifier. */
function plainName(file: ProtoFile, typeName: string): string {
  const inner = file.package === "" ? typeName : typeName.slice(file.package.length + 1);
  return safeIdentifier(inner.replaceAll(".", "_"));
}

/** Declares all names of a file: those that users see before those of functions, which therefore never displace them. */
export function declareNames(file: ProtoFile, symbols: SymbolTable, wellKnown: "runtime" | "emit"): void {
  const home: SymbolHome = inRuntime(file, wellKnown)
    ? { kind: "runtime", module: "wkt" }
    : { kind: "file", path: outputPath(file) };
  const declarations = declarationsOf(file);
  for (const { kind, typeName, origin } of declarations) {
    const name = plainName(file, typeName);
    symbols.declare({ key: `${kind}:${typeName}`, home, name, origin });
    if (kind === "message") symbols.declare({ key: `init:${typeName}`, home, name: `${name}Init`, origin });
  }
  for (const declared of declarations) {
    const { typeName, origin } = declared;
    const name = plainName(file, typeName);
    if (declared.kind === "enum") {
      symbols.declare({ key: `enumInfo:${typeName}`, home, name: `${lowerFirst(name)}Info`, origin });
      continue;
    }
    for (const [key, nameOf] of Object.entries(functionNames)) {
      symbols.declare({ key: `${key}:${typeName}`, home, name: nameOf(name), origin });
    }
    if (declared.fields.some((field) => field.default !== undefined)) {
      symbols.declare({ key: `defaults:${typeName}`, home, name: `${name}Defaults`, origin });
    }
  }
}
