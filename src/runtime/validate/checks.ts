import { systemClock, type Clock } from "../context/index.js";
import { RuleError, type Violation } from "./violation.js";

/** How to validate. */
export interface ValidateOptions {
  /**
   * Findings after which a validator stops; 100 by default. Who sends a list of a million bad items shall not get a
   * million findings.
   */
  readonly maxViolations?: number | undefined;
  /** What the time is, for rules that compare with it; the system's clock by default. */
  readonly clock?: Clock | undefined;
}

/** A rule in CEL, as emitted code has it; made by `celRule` of `@wirespan/runtime/validate/cel`. */
export interface CelRule {
  /** Undefined when `self` keeps the rule. @throws {RuleError} when the expression fails. */
  evaluate(self: unknown, nowNanos: () => bigint): { readonly ruleId: string; readonly message: string } | undefined;
}

/** Collects what emitted checks find, with the path to it. */
export interface Checks {
  /** Notes a violation of the field or part `at` of the message being checked; the rule's path is its id by default. */
  fail(at: string, ruleId: string, message: string, rule?: string): void;
  /** The same for a key of a map. */
  failKey(at: string, ruleId: string, message: string, rule?: string): void;
  /** Applies a CEL rule. */
  cel(at: string, rule: CelRule, self: unknown, path: string, forKey?: boolean): void;
  /** The messages checked up to {@link leave} are what the field or part `at` holds. */
  enter(at: string): void;
  leave(): void;
  /** Nanoseconds since the epoch, the same throughout one validation. */
  now(): bigint;
}

/** A validator that emitted code has for one message type: what is wrong with a message, nothing for a good one. */
export interface Validator<in Init> {
  (message: Init, options?: ValidateOptions): readonly Violation[];
  /** Full name of the message. */
  readonly typeName: string;
}

/** Ends a validation that has found enough. */
const full: unique symbol = Symbol("enough violations");

const defaultMax = 100;

function startChecks(found: Violation[], { maxViolations = defaultMax, clock = systemClock }: ValidateOptions): Checks {
  const path: string[] = [];
  let nanos: bigint | undefined;

  function note(at: string, ruleId: string, message: string, rule: string, forKey: boolean): void {
    const field = path.length === 0 ? at : [...path, at].filter((part) => part !== "").join(".");
    found.push({ field, rule, ruleId, message, forKey });
    if (found.length >= maxViolations) throw full;
  }

  const checks: Checks = {
    fail: (at, ruleId, message, rule = ruleId) => note(at, ruleId, message, rule, false),
    failKey: (at, ruleId, message, rule = ruleId) => note(at, ruleId, message, rule, true),
    cel(at, rule, self, rulePath, forKey = false) {
      const broken = rule.evaluate(self, checks.now);
      if (broken !== undefined) note(at, broken.ruleId, broken.message, rulePath, forKey);
    },
    enter: (at) => void path.push(at),
    leave: () => void path.pop(),
    now: () => (nanos ??= BigInt(Math.floor(clock.now())) * 1_000_000n),
  };
  return checks;
}

/** A validator from the emitted checks of one message type. */
export function validator<Init>(typeName: string, check: (m: Init, c: Checks) => void): Validator<Init> {
  const validate = (message: Init, options: ValidateOptions = {}): readonly Violation[] => {
    const found: Violation[] = [];
    try {
      check(message, startChecks(found, options));
    } catch (error) {
      if (error !== full) throw error;
    }
    return found;
  };
  return Object.assign(validate, { typeName });
}

/** What stands where a rule could not be compiled (`--lenient`). @throws {RuleError} always. */
export function brokenRule(field: string, reason: string): never {
  throw new RuleError("compile", `${field}: ${reason}`);
}
