import type { FieldType, Model, ProtoFile, ScalarType } from "../../../model/index.js";
import { encodeTypes } from "./descriptors.js";
import type { StaticType } from "./expression-check.js";
import { messagesOf } from "./reach.js";

/** What judges the patterns and expressions of rules. Loaded only for files that have some. */
export interface Judges {
  /** Why it is no pattern; undefined for a good one. */
  readonly pattern: (source: string) => string | undefined;
  /** Why it is no expression for values such as the sample; undefined for a good one. Without a sample, for any value. */
  readonly expression: (source: string, sample: Sample | undefined, names: RuleNames) => string | undefined;
}

/** What kind of value an expression is for. */
export interface Sample {
  readonly type: FieldType;
  readonly repeated: boolean;
}

/** What an expression may name besides `this` and `now`: predefined rules are told what they are set to. */
export type RuleNames = readonly ("rule" | "rules")[];

/** Whether the rules of a file have patterns or expressions. */
export function needsJudges(file: ProtoFile): boolean {
  const options = messagesOf(file).flatMap((message) => [
    message.options.get("[buf.validate.message]"),
    ...message.fields.map((field) => field.options.get("[buf.validate.field]")),
  ]);
  return options.some(mentions);
}

function mentions(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(mentions);
  if (!(value instanceof Map)) return false;
  for (const [key, inner] of value) {
    if (typeof key !== "string") continue;
    if (key === "pattern" || key === "cel" || key === "cel_expression" || key.startsWith("[")) return true;
    if (mentions(inner)) return true;
  }
  return false;
}

/**
 * The judges of a file's rules: the engines that apply them at run time. The parts of an
 * expression are held against the types in the contract; then it is tried on an empty value of its kind.
 */
export async function loadJudges(file: ProtoFile, model: Model): Promise<Judges> {
  const [{ RE2JS }, { parse }, check, cel] = await Promise.all([
    import("re2js"),
    import("@bufbuild/cel"),
    import("./expression-check.js"),
    import("../../../runtime/validate/cel/index.js"),
  ]);
  let types: ReturnType<typeof cel.celTypes> | undefined;

  function valueOf({ type, repeated }: Sample): unknown {
    if (repeated) return cel.celList([valueOf({ type, repeated: false })]);
    switch (type.kind) {
      case "map":
        return cel.celMap([["", valueOf({ type: type.value, repeated: false })]], () => scalarOf(type.key));
      case "enum":
        return 0n;
      case "message":
        return types?.message(type.typeName, new Uint8Array());
      case "scalar":
        return scalarOf(type.scalar);
    }
  }

  function scalarOf(scalar: ScalarType): unknown {
    switch (scalar) {
      case "bool":
        return false;
      case "string":
        return "";
      case "bytes":
        return new Uint8Array();
      case "double":
      case "float":
        return 0;
      default:
        return /^(uint|fixed)/.test(scalar) ? cel.celUint(0) : 0n;
    }
  }

  function tryOn(expression: string, sample: Sample): string | undefined {
    const known = (types ??= cel.celTypes(encodeTypes(model, file, [])));
    const full = reasonOf(() => cel.celRule(known, { expression }).evaluate(valueOf(sample), () => 0n));
    // the rule's id, here the expression, stands before what is wrong with it
    const reason = full?.startsWith(`${expression}: `) ? full.slice(expression.length + 2) : full;
    return reason !== undefined && isFault(expression, reason, sample.type, model) ? reason : undefined;
  }

  const pattern = (source: string): string | undefined => reasonOf(() => RE2JS.compile(source));

  function faultOf(source: string, sample: Sample | undefined, names: RuleNames): string | undefined {
    const { expr } = parse(source);
    const self: StaticType = sample === undefined ? { kind: "dyn" } : check.fieldType(sample);
    const now: StaticType = { kind: "message", typeName: "google.protobuf.Timestamp" };
    const given = names.map((name) => [name, { kind: "dyn" }] as const);
    const variables = new Map<string, StaticType>([["this", self], ["now", now], ...given]);
    return check.expressionFault(expr, { variables, model, pattern });
  }

  return {
    pattern,
    expression(source, sample, names) {
      const unparsed = reasonOf(() => parse(source));
      if (unparsed !== undefined) return unparsed;
      return faultOf(source, sample, names) ?? (sample === undefined ? undefined : tryOn(source, sample));
    },
  };
}

/** Whether the failure of a trial is one of the expression, and none of there being nothing in the value. */
function isFault(expression: string, reason: string, type: FieldType, model: Model): boolean {
  if (reason.includes("gives neither a bool nor a string")) return true;
  // what has no type before there is a value may fit when there is one
  if (/overload/.test(reason)) return !/null|dyn|Any|type\(/.test(reason);
  const missing = /field not found: (\w+)$/.exec(reason)?.[1];
  if (missing === undefined || type.kind !== "message" || !new RegExp(`\\bthis\\.${missing}\\b`).test(expression))
    return false;
  const fields = model.messages.get(type.typeName)?.fields ?? [];
  return !fields.some(({ name }) => name === missing);
}

function reasonOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
