import type { OptionMessage, OptionValue } from "../../../model/index.js";
import { binary, call, type Expression, type Statement } from "../../shared/expressions.js";
import { listOption } from "./options.js";
import { show, showDuration, showTimestamp } from "./format.js";
import { fail, failWhen, type RulesEmit, type Subject } from "./subject.js";
import { whenNot } from "./statements.js";

/** Values with an order: how those of a rule are compared, written and shown. */
interface Ordered {
  readonly name: string;
  readonly literal: (value: number | bigint) => string;
  readonly show: (value: number | bigint) => string;
  readonly read: (value: OptionValue) => number | bigint;
}

const longs: ReadonlySet<string> = new Set(["int64", "uint64", "sint64", "fixed64", "sfixed64"]);
const floats: ReadonlySet<string> = new Set(["float", "double"]);

/** Rules of the numeric types, `enum` not among them. */
export function numberChecks(name: string, rules: OptionMessage, subject: Subject, emit: RulesEmit): Statement[] {
  const isLong = longs.has(name);
  const ordered: Ordered = {
    name,
    literal: (value) => (isLong ? `${value}n` : numberLiteral(Number(value), emit)),
    show,
    // a float on the wire has fewer digits than what is written in the contract
    read: (value) => (isLong ? BigInt(String(value)) : name === "float" ? Math.fround(Number(value)) : Number(value)),
  };
  // of what was not on the wire yet, the other side will see a float
  const value = name === "float" ? `${emit.global("Math")}.fround(${subject.value})` : subject.value;
  const statements = orderedChecks(ordered, rules, { ...subject, value }, emit);
  if (floats.has(name) && rules.get("finite") === true) {
    const finite = `!${emit.global("Number")}.isFinite(${value})`;
    statements.push(failWhen(subject, finite, `${name}.finite`, "must be finite"));
  }
  return statements;
}

function numberLiteral(value: number, emit: RulesEmit): string {
  if (Number.isNaN(value)) return `${emit.global("Number")}.NaN`;
  if (!Number.isFinite(value)) return `${emit.global("Number")}.${value > 0 ? "POSITIVE" : "NEGATIVE"}_INFINITY`;
  return Object.is(value, -0) ? "-0" : String(value).replace("e+", "e");
}

/** Rules of durations; the subject's value is nanoseconds. */
export function durationChecks(rules: OptionMessage, subject: Subject, emit: RulesEmit): Statement[] {
  return orderedChecks(
    { name: "duration", literal: (v) => `${v}n`, show: (v) => showDuration(BigInt(v)), read: nanosOf },
    rules,
    subject,
    emit,
  );
}

/** Rules of timestamps; the subject's value is nanoseconds since the epoch. */
export function timestampChecks(rules: OptionMessage, subject: Subject, emit: RulesEmit): Statement[] {
  const { value } = subject;
  const statements = orderedChecks(
    { name: "timestamp", literal: (v) => `${v}n`, show: (v) => showTimestamp(BigInt(v)), read: nanosOf },
    rules,
    subject,
    emit,
  );
  if (rules.get("lt_now") === true) {
    statements.push(failWhen(subject, `${value} > c.now()`, "timestamp.lt_now", "must be less than now"));
  }
  if (rules.get("gt_now") === true) {
    statements.push(failWhen(subject, `${value} < c.now()`, "timestamp.gt_now", "must be greater than now"));
  }
  const within = rules.get("within");
  if (within !== undefined) {
    const nanos = nanosOf(within);
    const outside = binary(`${value} < c.now() - ${nanos}n`, "||", `${value} > c.now() + ${nanos}n`);
    const message = `must be within ${showDuration(nanos)} of now`;
    statements.push(failWhen(subject, outside, "timestamp.within", message));
  }
  return statements;
}

/** Nanoseconds of a Duration or Timestamp in an option. */
export function nanosOf(value: OptionValue): bigint {
  const parts = value instanceof Map ? value : new Map<string, OptionValue>();
  const part = (name: string): bigint => BigInt(String(parts.get(name) ?? 0));
  return part("seconds") * 1_000_000_000n + part("nanos");
}

/** `const`, the bounds, `in` and `not_in`. */
function orderedChecks(ordered: Ordered, rules: OptionMessage, subject: Subject, emit: RulesEmit): Statement[] {
  const { name, literal, read } = ordered;
  const { value } = subject;
  const statements: Statement[] = [];
  const constant = rules.get("const");
  if (constant !== undefined) {
    const wanted = read(constant);
    statements.push(
      failWhen(subject, binary(value, "!==", literal(wanted)), `${name}.const`, `must equal ${ordered.show(wanted)}`),
    );
  }
  statements.push(...boundChecks(ordered, rules, subject));
  statements.push(
    ...listChecks(
      name,
      listOption(rules, "in").map(read),
      listOption(rules, "not_in").map(read),
      ordered,
      subject,
      emit,
    ),
  );
  return statements;
}

/** `in` and `not_in` of values that are compared by `===`. */
export function listChecks<V>(
  name: string,
  allowed: readonly V[],
  refused: readonly V[],
  { literal, show: print }: { readonly literal: (value: V) => string; readonly show: (value: V) => string },
  subject: Subject,
  emit: RulesEmit,
): Statement[] {
  const shown = (values: readonly V[]): string => `[${values.map(print).join(", ")}]`;
  const statements: Statement[] = [];
  if (allowed.length > 0) {
    const none = call(`!${emit.validate("isOneOf")}`, subject.value, ...allowed.map(literal));
    statements.push(failWhen(subject, none, `${name}.in`, `must be in list ${shown(allowed)}`));
  }
  if (refused.length > 0) {
    const some = call(emit.validate("isOneOf"), subject.value, ...refused.map(literal));
    statements.push(failWhen(subject, some, `${name}.not_in`, `must not be in list ${shown(refused)}`));
  }
  return statements;
}

/** `lt`, `lte`, `gt`, `gte`: two of them allow what is between them, or outside where the upper is below the lower. */
function boundChecks(
  { name, literal, show: print, read }: Ordered,
  rules: OptionMessage,
  subject: Subject,
): Statement[] {
  const { value } = subject;
  const bound = (key: string): { key: string; at: number | bigint } | undefined => {
    const found = rules.get(key);
    return found === undefined ? undefined : { key, at: read(found) };
  };
  const lower = bound("gt") ?? bound("gte");
  const upper = bound("lt") ?? bound("lte");
  const words = {
    gt: { sign: ">", text: "greater than" },
    gte: { sign: ">=", text: "greater than or equal to" },
    lt: { sign: "<", text: "less than" },
    lte: { sign: "<=", text: "less than or equal to" },
  } as const;
  const part = ({ key, at }: { key: string; at: number | bigint }): { holds: string; text: string } => {
    const { sign, text } = words[key as keyof typeof words];
    return { holds: `${value} ${sign} ${literal(at)}`, text: `${text} ${print(at)}` };
  };
  // written as what must hold, so that NaN, with which no comparison holds, is refused
  if (lower !== undefined && upper !== undefined) {
    const above = part(lower);
    const below = part(upper);
    const outside = upper.at < lower.at;
    const holds: Expression = binary(above.holds, outside ? "||" : "&&", below.holds);
    const id = `${name}.${lower.key}_${upper.key}${outside ? "_exclusive" : ""}`;
    const message = `must be ${above.text} ${outside ? "or" : "and"} ${below.text}`;
    return [whenNot(holds, fail(subject, id, message, `${name}.${lower.key}`))];
  }
  const only = lower ?? upper;
  if (only === undefined) return [];
  const { holds, text } = part(only);
  return [whenNot(holds, fail(subject, `${name}.${only.key}`, `must be ${text}`))];
}

/** Rules of enums; the subject's value is the number. */
export function enumChecks(rules: OptionMessage, typeName: string, subject: Subject, emit: RulesEmit): Statement[] {
  const { value } = subject;
  const form = { literal: String, show };
  const statements: Statement[] = [];
  const constant = rules.get("const");
  if (constant !== undefined) {
    const wanted = Number(constant);
    statements.push(failWhen(subject, `${value} !== ${wanted}`, "enum.const", `must equal ${wanted}`));
  }
  statements.push(
    ...listChecks(
      "enum",
      listOption(rules, "in").map(Number),
      listOption(rules, "not_in").map(Number),
      form,
      subject,
      emit,
    ),
  );
  if (rules.get("defined_only") === true) {
    const numbers = [...new Set(emit.enum(typeName).values.map(({ number }) => number))].sort((a, b) => a - b);
    statements.push(
      failWhen(
        subject,
        call(`!${emit.validate("isOneOf")}`, value, ...numbers.map(String)),
        "enum.defined_only",
        "value must be one of the defined enum values",
      ),
    );
  }
  return statements;
}

/** Rules of booleans. */
export function boolChecks(rules: OptionMessage, subject: Subject): Statement[] {
  const constant = rules.get("const");
  if (constant === undefined) return [];
  return [
    failWhen(subject, `${subject.value} !== ${constant === true}`, "bool.const", `must equal ${constant === true}`),
  ];
}
