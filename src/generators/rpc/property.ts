import { fits } from "../shared/print.js";

/** `name: value`; the value gets a line of its own where both do not fit, which prettier spares names this short. */
export function property(name: string, value: string, indent: number): string {
  const line = `${name}: ${value}`;
  const short = name.length < 5;
  return short || fits(`${line},`, indent) ? line : `${name}:\n${" ".repeat(indent + 2)}${value}`;
}
