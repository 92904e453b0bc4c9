import { QueueError } from "../../queue/index.js";

/** Options in milliseconds and the least that makes sense. */
const minima: Readonly<Record<string, number>> = {
  connectWithinMs: 1,
  publishWithinMs: 1,
  commitIntervalMs: 0,
  sessionTimeoutMs: 1_000,
};

/** Refuses numbers that make no sense before anything is connected. @throws {QueueError} `usage`. */
export function checkOptions(options: object): void {
  for (const [name, value] of Object.entries(options)) {
    const least = minima[name];
    if (least === undefined || value === undefined) continue;
    if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > 2 ** 31 - 1) {
      throw new QueueError("usage", `${name} must be a whole number of milliseconds from ${least} on`);
    }
  }
  if ("transactional" in options && options.transactional === "") {
    throw new QueueError("usage", "transactional must be an id, unique among running processes");
  }
}
