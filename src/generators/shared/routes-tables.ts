import type { Model } from "../../model/index.js";
import { type Scope, camelCase, safeIdentifier } from "../../plan/index.js";
import { requestMessages } from "./routes-fields.js";
import { type Literal, printLiteral } from "./routes-literal.js";
import type { RoutePlan } from "./routes.js";

/** The fields of request messages as functions of an emitted file. */
export interface FieldTables {
  /** The function of a message. */
  readonly nameOf: (typeName: string) => string;
  /** The declarations, each a statement. */
  readonly statements: readonly string[];
}

/** What a table's entries are made from. */
export interface FieldTablesInput {
  readonly model: Model;
  readonly scope: Scope;
  readonly plans: readonly RoutePlan[];
  /** Module of the runtime and name of the entries' type. */
  readonly type: readonly ["gateway" | "rest", string];
  readonly entries: (typeName: string, nameOf: (typeName: string) => string) => Literal;
}

/** Field tables of all messages that query parameters can name, each once, in order of use. */
export function fieldTables({ model, scope, plans, type, entries }: FieldTablesInput): FieldTables {
  const messages = new Set<string>();
  for (const { queryOf } of plans) {
    if (queryOf !== undefined) for (const message of requestMessages(model, queryOf)) messages.add(message);
  }
  if (messages.size === 0) return { nameOf: () => "", statements: [] };
  const entry = scope.runtimeType(...type);
  const names = new Map<string, string>();
  for (const message of messages) {
    names.set(message, scope.local(safeIdentifier(`${camelCase(ownName(model, message))}Fields`)));
  }
  const nameOf = (typeName: string): string => names.get(typeName) ?? "";
  const statements = [...messages].map((message) => {
    const fields = printLiteral(entries(message, nameOf), 2, "  return ".length);
    return `function ${nameOf(message)}(): readonly ${entry}[] {\n  return ${fields};\n}`;
  });
  return { nameOf, statements };
}

/** The name without its package: `Outer.Inner`. */
function ownName(model: Model, typeName: string): string {
  const file = model.messages.get(typeName)?.file;
  const owner = (file === undefined ? undefined : model.files.get(file)?.package) ?? "";
  return owner === "" ? typeName : typeName.slice(owner.length + 1);
}
