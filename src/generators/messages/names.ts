import { type Enum, type Extension, type Message, type Model, optionFiles, type ProtoFile } from "../../model/index.js";
import { lowerCamel, outputStem, safeIdentifier, type SymbolHome, type SymbolTable } from "../../plan/index.js";
import { redactingMessages } from "./redaction.js";
import { wellKnownFiles } from "./well-known.js";

/** Functions that every message has, by the prefix of their symbol's key, and their names. */
const functionNames = {
  create: (name: string) => `create${name}`,
  write: (name: string) => `write${name}`,
  read: (name: string) => `read${name}`,
  toJson: (name: string) => `${lowerFirst(name)}ToJson`,
  print: (name: string) => `print${name}`,
  fromJson: (name: string) => `${lowerFirst(name)}FromJson`,
  set: (name: string) => `set${name}`,
} as const;

/** One of the functions of a message: the prefix of its symbol's key, `write:acme.User`. */
export type FunctionKey = keyof typeof functionNames;

/** The name with a small first letter. */
export function lowerFirst(name: string): string {
  return name.slice(0, 1).toLowerCase() + name.slice(1);
}

/** What a function is called that does this for a type of that name. */
export function functionName(key: FunctionKey, name: string): string {
  return functionNames[key](name);
}

/** Where the messages and enums of a file are emitted. */
export function outputPath(file: ProtoFile): string {
  return `${outputStem(file)}.pb.ts`;
}

/** True for the files that the runtime holds ready, unless it is them that are being emitted. */
export function inRuntime(file: ProtoFile, wellKnown: "runtime" | "emit"): boolean {
  return wellKnown === "runtime" && wellKnownFiles.has(file.path);
}

/** An extension among the other declarations of a file. */
export interface DeclaredExtension {
  readonly kind: "extension";
  readonly typeName: string;
  readonly origin: Extension["origin"];
  readonly extension: Extension;
}

/** What a file declares: messages and enums, nested ones after the message around them, and extensions. */
export type Declared = Message | Enum | DeclaredExtension;

/** All messages, enums and extensions of a file in schema order. */
export function declarationsOf(file: ProtoFile, model: Pick<Model, "messages">): readonly Declared[] {
  return inOrder(file, model);
}

function inOrder(
  { messages, enums, extensions }: Pick<ProtoFile, "messages" | "enums" | "extensions">,
  model: Pick<Model, "messages">,
): readonly Declared[] {
  const own: Declared[] = [
    ...enums,
    ...messages,
    ...extensions
      .filter(({ extendee }) => !isOptions(extendee, model))
      .map((extension) => ({
        kind: "extension" as const,
        typeName: extension.typeName,
        origin: extension.origin,
        extension,
      })),
  ];
  own.sort((a, b) => a.origin.line - b.origin.line || a.origin.column - b.origin.column);
  return own.flatMap((found) => (found.kind === "message" ? [found, ...inOrder(found, model)] : [found]));
}

/** True for messages whose extensions are options: they say something to generators, programs do not see them. */
function isOptions(extendee: string, { messages }: Pick<Model, "messages">): boolean {
  return optionFiles.has(messages.get(extendee)?.file ?? "");
}

/** What an extension is called: its own name, behind that of the message it is declared in. */
function extensionName(file: ProtoFile, { name, scope }: Extension): string {
  const own = lowerCamel(name);
  return safeIdentifier(scope === undefined ? own : `${plainName(file, scope)}_${own}`);
}

/** `Outer_Inner`: the full name without the package, as an identifier. */
export function plainName(file: ProtoFile, typeName: string): string {
  const inner = file.package === "" ? typeName : typeName.slice(file.package.length + 1);
  return safeIdentifier(inner.replaceAll(".", "_"));
}

/** Declares all names of a file: those that users see before those of functions, which therefore never displace them. */
export function declareNames(file: ProtoFile, model: Model, symbols: SymbolTable, wellKnown: "runtime" | "emit"): void {
  const home: SymbolHome = inRuntime(file, wellKnown)
    ? { kind: "runtime", module: "wkt" }
    : { kind: "file", path: outputPath(file) };
  const declarations = declarationsOf(file, model);
  for (const declared of declarations) {
    const { kind, typeName, origin } = declared;
    const name = kind === "extension" ? extensionName(file, declared.extension) : plainName(file, typeName);
    symbols.declare({ key: `${kind}:${typeName}`, home, name, origin });
    if (kind === "message") symbols.declare({ key: `init:${typeName}`, home, name: `${name}Init`, origin });
  }
  for (const declared of declarations) {
    if (declared.kind === "extension") continue;
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
    if (redactingMessages(model).has(typeName)) {
      symbols.declare({ key: `redact:${typeName}`, home, name: `redact${name}`, origin });
    }
  }
}
