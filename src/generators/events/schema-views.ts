import { diagnostic } from "../../diagnostics/index.js";
import type { EventsFile, NamedSchema } from "../../model/index.js";
import type { Scope, SymbolTable } from "../../plan/index.js";
import type { EmitContext } from "../generator.js";
import { avroLiteral } from "../shared/avro-literal.js";
import { objectOf, printAssign, printExpression, pureCall } from "../shared/expressions.js";
import { fits, printList, stringLiteral } from "../shared/print.js";
import { printEntry } from "../shared/schema-literal.js";
import { printSchemaType, type TypeNames } from "../shared/schema-types.js";
import { shapeLiteral, type ShapeNames } from "../shared/schema-validators.js";
import { symbolKey } from "./names.js";
import { planEvents } from "./plan.js";

/** What stands in the file for one named schema; empty texts are left out. */
export interface SchemaView {
  readonly type: string;
  readonly init: string;
  readonly shape: string;
  readonly avro: string;
  readonly constant: string;
}

/** The types, shapes and payload constants of a file's schemas, in schema order. */
export function viewSchemas(file: EventsFile, scope: Scope, context: EmitContext): readonly SchemaView[] {
  const plan = planEvents(file);
  const types = typeNames(file, scope, context.symbols);
  const shapes = shapeNames(file, scope, context);
  return plan.schemas.map((schema) => ({
    type: printSchemaType(types.schema(schema.key, "whole"), schema, "whole", types),
    init: plan.inits.has(schema.key) ? printSchemaType(types.schema(schema.key, "init"), schema, "init", types) : "",
    shape: plan.shapes.has(schema.key) ? printShape(schema, scope, shapes) : "",
    avro: plan.codecs.has(schema.key) ? printAvro(file, schema, scope) : "",
    constant: printConstant(file, schema, scope, types, shapes),
  }));
}

/** The names of types in a file. */
export function typeNames(file: EventsFile, scope: Scope, symbols: SymbolTable): TypeNames {
  const plan = planEvents(file);
  return {
    schema(key, form) {
      const init = symbolKey("schemaInit", file, key);
      return scope.type(form === "init" && symbols.has(init) ? init : symbolKey("schema", file, key));
    },
    message: (typeName, form) => scope.type(`${form === "init" ? "init" : "message"}:${typeName}`),
    bytes: () => scope.global("Uint8Array"),
    json: () => scope.runtimeType("wire", "JsonValue"),
    resolve: plan.resolve,
  };
}

function shapeNames(file: EventsFile, scope: Scope, { report }: EmitContext): ShapeNames {
  const plan = planEvents(file);
  return {
    // pure at every call: bundlers then drop the shapes of payloads that a program does not use
    shape: plan.shapes.size === 0 ? "shape" : `/* @__PURE__ */ ${scope.runtime("queue", "shape")}`,
    schema: (key) => scope.value(symbolKey("shape", file, key)),
    message: (typeName) => scope.value(`message:${typeName}`),
    resolve: plan.resolve,
    authorName: plan.authorName,
    linearPattern: () => `/* @__PURE__ */ ${scope.runtime("queue", "linearPattern")}`,
    unsafe: (pattern, schema) => report(diagnostic("E4020", schema.origin, { pattern })),
  };
}

function printShape({ key, schema }: NamedSchema, scope: Scope, shapes: ShapeNames): string {
  const head = `const ${shapes.schema(key)}: ${scope.runtimeType("queue", "Shape")}`;
  const literal = shapeLiteral(schema, shapes);
  // a name for another schema: that one may stand further down
  if (literal.kind === "thunk") {
    const reference = `const ${shapes.schema(key)}: ${scope.runtimeType("queue", "ShapeRef")}`;
    return printEntry(reference, " =", literal, ";", 0);
  }
  return printEntry(head, " =", literal, ";", 0);
}

function printAvro(file: EventsFile, { key, avro }: NamedSchema, scope: Scope): string {
  if (avro === undefined) return "";
  const codec = (of: string): string => scope.value(symbolKey("avro", file, of));
  const literal = avroLiteral(avro, { avro: `/* @__PURE__ */ ${scope.runtime("queue", "avro")}`, codec });
  const type = literal.kind === "thunk" ? "AvroRef" : "AvroType";
  return printEntry(`const ${codec(key)}: ${scope.runtimeType("queue", type)}`, " =", literal, ";", 0);
}

function printConstant(
  file: EventsFile,
  { key, name }: NamedSchema,
  scope: Scope,
  types: TypeNames,
  shapes: ShapeNames,
): string {
  const kind = planEvents(file).payloads.get(key);
  if (kind === undefined) return "";
  const constant = scope.value(symbolKey("schema", file, key));
  const args = [...new Set([types.schema(key, "whole"), types.schema(key, "init")])];
  const head = `export const ${constant}: ${scope.runtimeType("wire", "PayloadType")}`;
  const value =
    kind === "avro"
      ? pureCall(
          scope.runtime("queue", "avroPayload"),
          objectOf(
            ["name", stringLiteral(name)],
            ["avro", scope.value(symbolKey("avro", file, key))],
            ["shape", shapes.schema(key)],
          ),
        )
      : pureCall(
          scope.runtime("queue", kind === "json" ? "jsonPayload" : "textPayload"),
          stringLiteral(name),
          shapes.schema(key),
        );
  const left = `${head}<${args.join(", ")}>`;
  if (fits(`${left} =`)) return printAssign(left, "=", value, ";", 0);
  const broken = printList(head, args, " =", { open: "<", close: ">" });
  const lastLine = broken.slice(broken.lastIndexOf("\n") + 1);
  return broken.slice(0, -lastLine.length) + printExpression(`${lastLine} `, value, ";", 0);
}
