import type { Checker, Shape } from "./checker.js";

/** A shape without shapes within. */
export function leaf(check: (value: unknown, checker: Checker) => unknown): Shape {
  return {
    check: (value, checker) => {
      check(value, checker);
    },
    parts: [],
  };
}
