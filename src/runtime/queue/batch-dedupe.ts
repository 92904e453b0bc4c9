import { handledBefore } from "./dedupe.js";
import type { Job } from "./job.js";
import type { Verdict } from "./verdict.js";

/** Copies of a message within one batch: they wait for what becomes of the first. */
export interface Copies<T, Params> {
  /** True for the first of its scope; any other is kept with that one. */
  isFirst(job: Job<T, Params>, scope: string): boolean;
  /** Takes out those that wait for a message. */
  of(job: Job<T, Params>): readonly Job<T, Params>[];
}

export function createCopies<T, Params>(): Copies<T, Params> {
  const firsts = new Map<string, Job<T, Params>>();
  const copies = new Map<Job<T, Params>, Job<T, Params>[]>();
  return {
    isFirst(job, scope) {
      const first = firsts.get(scope);
      if (first === undefined) {
        firsts.set(scope, job);
        return true;
      }
      const known = copies.get(first);
      if (known === undefined) copies.set(first, [job]);
      else known.push(job);
      return false;
    },
    of(job) {
      const known = copies.get(job) ?? [];
      copies.delete(job);
      return known;
    },
  };
}

/** What becomes of a copy: handled with the first, else given back, to be the first of another batch. */
export function verdictOfCopy<T, Params>({ source }: Job<T, Params>, first: Verdict): Verdict {
  return first.kind === "done" || first.kind === "skip" ? handledBefore : { kind: "release", attempt: source.attempt };
}
