import type { Issue } from "./errors.js";

/** Collects what is wrong with a value, with the path to it. Bounded in issues, depth and work. */
export interface Checker {
  /** False once something was found. */
  readonly ok: boolean;
  /** True when further findings would be dropped: checks may stop. */
  readonly full: boolean;
  readonly issues: readonly Issue[];
  /** `must be a string`. */
  fail(message: string): void;
  /** Checks a part of the value, one level deeper. */
  at(key: string | number, value: unknown, shape: ShapeRef): void;
  /** Whether the value fits, without recording what does not. */
  fits(value: unknown, shape: ShapeRef): boolean;
}

/** What values must look like, and how JSON becomes what programs see. Made by the functions of `shape`. */
export interface Shape {
  check(value: unknown, checker: Checker): void;
  /** The shapes within. */
  readonly parts: readonly ShapeRef[];
  /** True where the program's value differs from its JSON: defaults, proto messages. */
  readonly changes?: boolean;
  /** From JSON that was checked to what programs see. Never changes its input. */
  readonly read?: (value: unknown) => unknown;
  /** The way back; what comes out is checked afterwards. Never changes its input. */
  readonly write?: (value: unknown) => unknown;
}

/** A shape, or a function that gives it: how recursive shapes refer to each other. */
export type ShapeRef = Shape | (() => ShapeRef);

/** The shape behind a reference. */
export function resolveShape(ref: ShapeRef): Shape {
  let shape = ref;
  while (typeof shape === "function") shape = shape();
  return shape;
}

const maxIssues = 20;

/** Parts looked at in one value; ambiguous recursive unions would otherwise take exponential time. */
const maxSteps = 2_000_000;

/** What a trial costs in parts. */
const trialSteps = 20;

/** Trials within trials; a path of the value has one or two of them per level. */
const maxTrials = 500;

/** A checker for one value. */
export function createChecker(maxDepth = 100): Checker {
  return start([], { left: maxSteps, trials: 0 }, maxDepth, maxIssues);
}

/** What all checkers of one value share. */
interface Steps {
  left: number;
  /** Trials within trials. */
  trials: number;
}

function start(path: (string | number)[], steps: Steps, maxDepth: number, limit: number): Checker {
  const issues: Issue[] = [];
  const checker: Checker = {
    get ok() {
      return issues.length === 0;
    },
    get full() {
      return issues.length >= limit;
    },
    issues,
    fail(message) {
      if (issues.length < limit) issues.push({ path: limit === 1 ? "" : printPath(path), message });
    },
    at(key, value, shape) {
      if (issues.length >= limit) return;
      path.push(key);
      if (path.length > maxDepth) checker.fail(`must not be nested deeper than ${maxDepth} levels`);
      else if (steps.left-- <= 0) checker.fail("is too complex to be checked");
      else resolveShape(shape).check(value, checker);
      path.pop();
    },
    fits(value, shape) {
      if ((steps.left -= trialSteps) <= 0) return false;
      // a form that asks for itself would never end
      if (steps.trials >= maxTrials) return false;
      steps.trials++;
      const trial = start(path, steps, maxDepth, 1);
      resolveShape(shape).check(value, trial);
      steps.trials--;
      return trial.ok;
    },
  };
  return checker;
}

/** `items[2].price`, `headers["x-y"]`. */
export function printPath(path: readonly (string | number)[]): string {
  let text = "";
  for (const key of path) {
    if (typeof key === "number") text += `[${key}]`;
    else if (/^[A-Za-z_$][\w$]{0,100}$/.test(key)) text += text === "" ? key : `.${key}`;
    else text += `[${JSON.stringify(key.slice(0, 100))}]`;
  }
  return text;
}
