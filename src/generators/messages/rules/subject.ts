import type { Model, Origin } from "../../../model/index.js";
import { call, evaluate, type Expression, type Statement, when } from "../../shared/expressions.js";
import { stringLiteral } from "../../shared/print.js";
import type { Emit } from "../context.js";
import type { Sample } from "./libraries.js";

/** What emitting one file of validators needs. */
export interface RulesEmit extends Emit {
  readonly model: Model;
  /** A function of the runtime's module `validate`. */
  readonly validate: (name: string) => string;
  /** A type of that module. */
  readonly validateType: (name: string) => string;
  /** A constant at the top of the file, the same for the same value; `head` begins its name. */
  readonly constant: (head: string, value: Expression) => string;
  /** The emitted checks of a message. */
  readonly check: (typeName: string) => string;
  /** The constant of a message type. */
  readonly codec: (typeName: string) => string;
  /** A pattern in RE2's syntax as an expression with `test`; undefined, and told, where it is none. */
  readonly pattern: (source: string, at: Place) => string | undefined;
  /** The constant of a CEL rule. */
  readonly cel: (rule: CelConstant, at: Place, sample: Sample | undefined) => string | undefined;
  /** The name of a function of the runtime's module `validate/cel`. */
  readonly celValue: (name: string) => string;
  /** The constant with the types that expressions see. */
  readonly celTypes: () => string;
  /** Notes a message type that values of rules are of. */
  readonly usesType: (typeName: string) => void;
  /** Tells a fault of a rule; a statement that throws stands in its place where the run goes on. */
  readonly fault: (at: Place, reason: string) => void;
  /** The faults told since it was last asked. */
  readonly broken: () => readonly { readonly at: string; readonly reason: string }[];
}

/** Whose rule it is, for diagnostics. */
export interface Place {
  readonly typeName: string;
  readonly origin: Origin;
}

/** A CEL rule as emitted. */
export interface CelConstant {
  readonly id: string;
  readonly message: string;
  readonly expression: string;
  /** The value of a predefined rule, as an expression. */
  readonly rule: Expression | undefined;
  /** All rules of that kind, as an expression. */
  readonly rules: string | undefined;
}

/** A value whose rules are being emitted. */
export interface Subject {
  readonly place: Place;
  /** The value as an expression: 64-bit integers are bigint, enums their numbers, times nanoseconds. */
  readonly value: string;
  /** Where it is, as an expression: `"name"`, `itemAt("tags", i)`. */
  readonly at: Expression;
  /** What stands before paths of its rules: `repeated.items.`. */
  readonly path: string;
  /** It is a key of a map. */
  readonly forKey: boolean;
  /** The checks stand where it is not zero: what tells of an empty value would never be reached. */
  readonly notZero?: boolean;
}

/** `c.fail(…)`. */
export function fail({ at, path, forKey }: Subject, ruleId: string, message: string, rule = ruleId): Statement {
  const full = `${path}${rule}`;
  const args = [at, stringLiteral(ruleId), stringLiteral(message)];
  return evaluate(call(forKey ? "c.failKey" : "c.fail", ...args, ...(full === ruleId ? [] : [stringLiteral(full)])));
}

/** What an empty value fails, then what any other one does; the first only where a value may be empty. */
export function failEmptyOr({ notZero }: Subject, empty: Statement, other: Statement): Statement[] {
  return notZero === true ? [other] : [empty, (indent) => `else ${other(indent)}`];
}

/** `if (condition) c.fail(…)`. */
export function failWhen(
  subject: Subject,
  condition: Expression,
  ruleId: string,
  message: string,
  rule?: string,
): Statement {
  return when(condition, fail(subject, ruleId, message, rule));
}
