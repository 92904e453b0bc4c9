import { enumsOf, type DeclaredError, type ProtoFile } from "../../model/index.js";
import { camelCase, pascalCase, safeIdentifier, type Scope } from "../../plan/index.js";
import { commentOf, docComment, fits, printList, propertyName, stringLiteral } from "../shared/print.js";
import { property } from "./property.js";
import type { LocalNames } from "./view.js";

/** One declared error as the template shows it. */
export interface ErrorView {
  readonly constant: string;
  readonly create: string;
  readonly guard: string;
}

/** The names of an error's functions: `userNotFound` and `isUserNotFound`. */
export function errorNames({ name }: DeclaredError): { readonly create: string; readonly guard: string } {
  const words = name.toLowerCase();
  return { create: safeIdentifier(camelCase(words)), guard: safeIdentifier(`is${pascalCase(words)}`) };
}

/** The key of a symbol that a declared error has. */
export function errorKey(kind: "error" | "isError", enumName: string, { reason }: DeclaredError): string {
  return `${kind}:${enumName}.${reason}`;
}

/** The errors that a file declares, in schema order. */
export function errorViews(file: ProtoFile, scope: Scope, locals: LocalNames): readonly ErrorView[] {
  return enumsOf(file).flatMap(({ typeName, errors }) =>
    (errors?.errors ?? []).map((error): ErrorView => {
      const create = scope.value(errorKey("error", typeName, error));
      const guard = scope.value(errorKey("isError", typeName, error));
      const constant = scope.local(`${errorNames(error).create.replace(/\$$/, "")}Error`);
      return {
        constant: declaration(constant, errors?.domain ?? "", error, scope),
        create: createFunction(create, constant, error, scope, locals),
        guard: guardFunction(guard, create, constant, scope, locals),
      };
    }),
  );
}

function declaration(constant: string, domain: string, error: DeclaredError, scope: Scope): string {
  const head = `const ${constant}: ${scope.runtimeType("rpc", "ErrorDeclaration")} =`;
  const code = `code: ${scope.runtime("rpc", "Code")}.${error.code}`;
  // prettier gives the value lines of its own where the head does not fit
  const pad = fits(`${head} {`) ? "" : "  ";
  const indent = pad.length + 2;
  const properties = [
    property("reason", stringLiteral(error.reason), indent),
    property("domain", stringLiteral(domain), indent),
    code,
    property("message", stringLiteral(error.message), indent),
  ];
  const lines = properties.map((text) => `${pad}  ${text},\n`).join("");
  return `${head}${pad === "" ? " " : `\n${pad}`}{\n${lines}${pad}};`;
}

function createFunction(
  name: string,
  constant: string,
  error: DeclaredError,
  scope: Scope,
  { metadata, options }: LocalNames,
): string {
  const { comments, code, deprecated, keys } = error;
  const comment = commentOf(comments).trim();
  const doc = `${comment === "" ? `${error.reason}.` : comment}\n\nA call that fails with it has the status ${code}.`;
  const result = scope.runtimeType("rpc", "RpcError");
  const parameters = [
    metadataParameter(metadata, keys, scope),
    `${options}?: ${scope.runtimeType("rpc", "DeclaredErrorOptions")}`,
  ];
  const values = [constant, metadata, options];
  const make = scope.runtime("rpc", "createDeclaredError");
  return [
    docComment(doc, 0, deprecated ? ["@deprecated"] : []) +
      printList(`export function ${name}`, parameters, `: ${result} {`),
    `  ${printList(`return ${make}`, values, ";", { indent: 2 })}`,
    "}",
  ].join("\n");
}

/** What the message names must be given. */
function metadataParameter(name: string, keys: readonly string[], scope: Scope): string {
  const type = scope.runtimeType("rpc", "ErrorMetadata");
  if (keys.length === 0) return `${name}?: ${type}`;
  const properties = keys.map((key) => `readonly ${propertyName(key)}: string`);
  const line = `${name}: ${type} & { ${properties.join("; ")} }`;
  if (fits(`${line},`, 2)) return line;
  return `${name}: ${type} & {\n${properties.map((text) => `    ${text};\n`).join("")}  }`;
}

function guardFunction(name: string, create: string, constant: string, scope: Scope, { error }: LocalNames): string {
  const result = `${error} is ${scope.runtimeType("rpc", "DeclaredError")}`;
  const test = scope.runtime("rpc", "isDeclaredError");
  return [
    docComment(`True for {@link ${create}}, whoever made it.`) +
      printList(`export function ${name}`, [`${error}: unknown`], `: ${result} {`),
    `  ${printList(`return ${test}`, [error, constant], ";", { indent: 2 })}`,
    "}",
  ].join("\n");
}
