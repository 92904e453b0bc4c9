import { diagnostic, type Report } from "../../diagnostics/index.js";
import type { ProtoFile } from "../../model/index.js";
import type { EmitContext, Generator, RenderJob } from "../generator.js";
import { createEmit, type Emit } from "./context.js";
import { type EnumView, viewEnum } from "./enums.js";
import { type ExtensionView, viewExtension } from "./extensions.js";
import { longForm } from "./fields.js";
import { type MessageView, viewMessage } from "./message.js";
import { type Declared, declarationsOf, declareNames, inRuntime, outputPath, plainName } from "./names.js";
import { declareValidators, validatorJobs } from "./rules/index.js";
import { timestampName } from "./well-known.js";

/** Where the well-known types come from. */
export interface MessagesSettings {
  /** `emit` writes the well-known types, too, which otherwise come from the runtime: how the runtime gets them. */
  readonly wellKnown: "runtime" | "emit";
}

/** Messages and enums with their codecs, `….pb.ts`, and validators of messages with rules, `….validate.ts`. */
export function createMessages({ wellKnown }: MessagesSettings): Generator {
  return {
    id: "messages",
    summary: "messages and enums with binary and JSON codecs",
    byDefault: true,
    showsRoutes: false,

    declare(file, { model, symbols }) {
      if (file.kind !== "proto") return;
      declareNames(file, model, symbols, wellKnown);
      declareValidators(file, model, symbols, (typeName) => plainName(file, typeName));
    },

    files(file, context) {
      if (file.kind !== "proto" || inRuntime(file, wellKnown)) return [];
      const declared = declarationsOf(file, context.model);
      const codecs = declared.length === 0 ? [] : [renderFile(file, declared, context)];
      const validators = validatorJobs(file, context);
      return validators instanceof Promise
        ? validators.then((jobs) => [...codecs, ...jobs])
        : [...codecs, ...validators];
    },

    project: () => [],
  };
}

/** Messages and enums with their codecs, the well-known types from the runtime. */
export const messages: Generator = createMessages({ wellKnown: "runtime" });

function renderFile(
  file: ProtoFile,
  declared: readonly Declared[],
  { model, symbols, forms, report }: EmitContext,
): RenderJob {
  const path = outputPath(file);
  const scope = symbols.scope(path);
  // a project's own copy of the file declares the message itself
  const ownTimestamp = declared.some(({ typeName }) => typeName === timestampName);
  const emit = createEmit(model, scope, ownTimestamp ? { ...forms, timestamp: "message" } : forms);
  for (const each of declared) reportInexact(each, emit, report);
  const declarations = declared.map((each) => viewDeclared(each, emit));
  return { path, template: "messages/file", view: { declarations }, scope };
}

/** Defaults that are numbers in programs, and that no number holds. */
function reportInexact(declared: Declared, emit: Emit, report: Report): void {
  const fields =
    declared.kind === "message" ? declared.fields : declared.kind === "extension" ? [declared.extension] : [];
  for (const field of fields) {
    const value = field.default;
    if (typeof value !== "bigint" || longForm(field, emit) !== "number") continue;
    if (BigInt.asIntN(54, value) === value && value !== -(2n ** 53n)) continue;
    report(diagnostic("E4023", field.origin, { field: field.typeName, value }));
  }
}

/** What the template shows: one list has the declaration, the others are empty. */
function viewDeclared(declared: Declared, emit: Emit): DeclarationView {
  switch (declared.kind) {
    case "enum":
      return { enums: [viewEnum(declared, emit)], messages: [], extensions: [] };
    case "message":
      return { enums: [], messages: [viewMessage(declared, emit)], extensions: [] };
    case "extension":
      return { enums: [], messages: [], extensions: [viewExtension(declared.extension, emit)] };
  }
}

interface DeclarationView {
  readonly enums: readonly EnumView[];
  readonly messages: readonly MessageView[];
  readonly extensions: readonly ExtensionView[];
}
