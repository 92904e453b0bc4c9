import { diagnostic, type Report } from "../../../diagnostics/index.js";
import type { Model, ProtoFile } from "../../../model/index.js";
import type { Scope } from "../../../plan/index.js";
import {
  flat,
  objectOf,
  printAssign,
  pureCall,
  type Expression,
  type ObjectLiteral,
} from "../../shared/expressions.js";
import { printList, stringLiteral } from "../../shared/print.js";
import type { Emit } from "../context.js";
import { encodeTypes } from "./descriptors.js";
import type { Judges } from "./libraries.js";
import { nativePattern } from "./pattern.js";
import type { RulesEmit } from "./subject.js";

/** What the rules of one file are emitted with, and the constants that came of it. */
export interface RulesFile {
  readonly emit: RulesEmit;
  /** The constants asked for so far, printed. */
  constants(): readonly string[];
}

export function createRulesFile(
  base: Emit,
  {
    file,
    model,
    scope,
    judges,
    lenient,
    report,
  }: {
    readonly file: ProtoFile;
    readonly model: Model;
    readonly scope: Scope;
    readonly judges: Judges;
    readonly lenient: boolean;
    readonly report: Report;
  },
): RulesFile {
  const constants = new Map<string, { readonly name: string; readonly text: string }>();
  const counts = new Map<string, number>();
  const usedTypes: string[] = [];
  let types: string | undefined;
  let faults: { at: string; reason: string }[] = [];

  function define(head: string, value: Expression): string {
    const key = flat(value);
    const known = constants.get(key);
    if (known !== undefined) return known.name;
    const count = (counts.get(head) ?? 0) + 1;
    counts.set(head, count);
    const name = scope.local(`${head}${count}`);
    constants.set(key, { name, text: printAssign(`const ${name}`, "=", value, ";", 0) });
    return name;
  }

  const emit: RulesEmit = {
    ...base,
    model,
    validate: (name) => scope.runtime("validate", name),
    validateType: (name) => scope.runtimeType("validate", name),
    constant: (head, value) =>
      define(head, typeof value === "object" && value.kind === "call" ? pureCall(value.callee, ...value.args) : value),
    check: (typeName) => scope.value(`check:${typeName}`),
    codec: (typeName) => scope.value(`message:${typeName}`),
    pattern(source, at) {
      const reason = judges.pattern(source);
      if (reason !== undefined) {
        emit.fault(at, `the pattern ${JSON.stringify(source)} is not one of RE2: ${reason}`);
        return undefined;
      }
      const native = nativePattern(source);
      return native === undefined
        ? define("pattern", pureCall(scope.runtime("validate/re2", "re2"), stringLiteral(source)))
        : define("pattern", String(native));
    },
    cel({ id, message, expression, rule, rules }, at, sample) {
      const names = (["rule", "rules"] as const).filter((_name, i) => [rule, rules][i] !== undefined);
      const reason = judges.expression(expression, sample, names);
      if (reason !== undefined) {
        emit.fault(at, `the expression ${JSON.stringify(expression)} is none of CEL: ${reason}`);
        return undefined;
      }
      const entries: ObjectLiteral["entries"] = [
        ...(id === "" || id === expression ? [] : [["id", stringLiteral(id)] as const]),
        ...(message === "" ? [] : [["message", stringLiteral(message)] as const]),
        ["expression", stringLiteral(expression)],
        ...(rule === undefined ? [] : [["rule", flat(rule)] as const]),
        ...(rules === undefined ? [] : [["rules", rules] as const]),
      ];
      return define("rule", pureCall(emit.celValue("celRule"), emit.celTypes(), objectOf(...entries)));
    },
    celValue: (name) => scope.runtime("validate/cel", name),
    celTypes: () => (types ??= scope.local("types")),
    usesType: (typeName) => void usedTypes.push(typeName),
    fault(at, reason) {
      faults.push({ at: at.typeName, reason });
      const found = diagnostic("E4030", at.origin, { at: at.typeName, reason });
      report(lenient ? { ...found, severity: "warning" } : found);
    },
    broken() {
      const found = faults;
      faults = [];
      return found;
    },
  };

  function printTypes(name: string): string {
    const files = encodeTypes(model, file, usedTypes).map(stringLiteral);
    const list = printList("", files, "", { open: "[", close: "]" });
    return `/** What expressions see of messages: descriptors of their files. */\nconst ${name} = /* @__PURE__ */ ${scope.runtime("validate/cel", "celTypes")}(${list});`;
  }

  return {
    emit,
    constants: () => [
      ...(types === undefined ? [] : [printTypes(types)]),
      ...[...constants.values()].map(({ text }) => text),
    ],
  };
}
