import type { Report } from "../../../diagnostics/index.js";
import type { Model, ProtoFile, ValueForms } from "../../../model/index.js";
import { camelCase, outputStem, safeIdentifier, type SymbolTable } from "../../../plan/index.js";
import type { RenderJob } from "../../generator.js";
import { printAssign, pureCall } from "../../shared/expressions.js";
import { docComment, fits, printList, stringLiteral } from "../../shared/print.js";
import { createEmit } from "../context.js";
import { createRulesFile } from "./emit.js";
import { loadJudges, needsJudges, type Judges } from "./libraries.js";
import { printCheck } from "./message.js";
import { checkedMessages, hasChecks } from "./reach.js";

export { hasChecks } from "./reach.js";

/** Where the validators of a file are emitted. */
export function validatorsPath(file: ProtoFile): string {
  return `${outputStem(file)}.validate.ts`;
}

/** Services that take or give messages with rules. */
function checkedServices(
  file: ProtoFile,
  model: Pick<Model, "messages">,
): readonly { readonly typeName: string; readonly name: string; readonly messages: readonly string[] }[] {
  return file.services.flatMap(({ typeName, name, methods }) => {
    const all = [...new Set(methods.flatMap(({ input, output }) => [input, output]))];
    const messages = all.filter((one) => hasChecks(model, one));
    return messages.length === 0 ? [] : [{ typeName, name, messages }];
  });
}

/** Declares the names of a file's validators. `plainName` gives what a message is called in programs. */
export function declareValidators(
  file: ProtoFile,
  model: Model,
  symbols: SymbolTable,
  plainName: (typeName: string) => string,
): void {
  const home = { kind: "file", path: validatorsPath(file) } as const;
  const messages = checkedMessages(file, model);
  for (const { typeName, origin } of messages) {
    symbols.declare({ key: `validate:${typeName}`, home, name: `validate${plainName(typeName)}`, origin });
  }
  for (const { typeName, name } of checkedServices(file, model)) {
    const wanted = safeIdentifier(`${camelCase(name)}Validators`);
    symbols.declare({ key: `validators:${typeName}`, home, name: wanted, origin: file.origin });
  }
  for (const { typeName, origin } of messages) {
    symbols.declare({ key: `check:${typeName}`, home, name: `check${plainName(typeName)}`, origin });
  }
}

interface Context {
  readonly model: Model;
  readonly symbols: SymbolTable;
  readonly forms: ValueForms;
  readonly lenient: boolean;
  readonly report: Report;
}

/** The validators of a file; none where it has no rules. A promise where patterns or expressions are to be judged. */
export function validatorJobs(file: ProtoFile, context: Context): readonly RenderJob[] | Promise<readonly RenderJob[]> {
  const { model } = context;
  if (checkedMessages(file, model).length === 0 && checkedServices(file, model).length === 0) return [];
  if (!needsJudges(file)) {
    const fine: Judges = { pattern: () => undefined, expression: () => undefined };
    return [validatorJob(file, context, fine)];
  }
  return loadJudges(file, model).then((judges) => [validatorJob(file, context, judges)]);
}

function validatorJob(file: ProtoFile, { model, symbols, forms, lenient, report }: Context, judges: Judges): RenderJob {
  const path = validatorsPath(file);
  const scope = symbols.scope(path);
  // names of parameters and of locals within functions: no import may have them
  for (const name of ["m", "c", "i", "k", "x"]) scope.local(name);
  const { emit, constants } = createRulesFile(createEmit(model, scope, forms), {
    file,
    model,
    scope,
    judges,
    lenient,
    report,
  });
  const messages = checkedMessages(file, model).map((message) => {
    const { typeName } = message;
    const check = printCheck(message, emit);
    const type = `${scope.runtimeType("validate", "Validator")}<${scope.type(`init:${typeName}`)}>`;
    const head = `export const ${scope.value(`validate:${typeName}`)}: ${type}`;
    const value = pureCall(scope.runtime("validate", "validator"), stringLiteral(typeName), emit.check(typeName));
    const doc = docComment(`What is wrong with a message ${typeName}: nothing for a good one.`);
    return { doc, constant: printAssign(head, "=", value, ";", 0), check };
  });
  const services = checkedServices(file, model).map(({ typeName, messages: names }) => {
    const type = `readonly ${scope.runtimeType("validate", "Validator")}<never>[]`;
    const head = `export const ${scope.value(`validators:${typeName}`)}: ${type} =`;
    const items = names.map((name) => scope.value(`validate:${name}`));
    const doc = docComment(`For the interceptor \`validate()\`: the messages of ${typeName} that have rules.`);
    const once = `${head} [${items.join(", ")}];`;
    const list = fits(once) ? once : printList(`${head} `, items, ";", { open: "[", close: "]" });
    return { doc, list };
  });
  return { path, template: "messages/validators", view: { constants: constants(), messages, services }, scope };
}
