import { isQueueError } from "./errors.js";

/** Boundaries of the buckets of durations, seconds; those that OpenTelemetry proposes. */
export const durationSeconds: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];

/** Names of errors that are labels of their own, at most. */
const maxTypes = 50;

/** The label of an error: the code of ours and of calls, else the name of its class; bounded, for names are free. */
export function errorTypes(): (error: Error) => string {
  const known = new Set<string>();
  return (error) => {
    const type = typeOf(error);
    if (known.has(type)) return type;
    if (known.size >= maxTypes || type.length > 100) return "_OTHER";
    known.add(type);
    return type;
  };
}

function typeOf(error: Error): string {
  if (isQueueError(error)) return error.code;
  if ("codeName" in error && typeof error.codeName === "string") return error.codeName;
  return error.name === "Error" ? error.constructor.name : error.name;
}
