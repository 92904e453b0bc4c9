import type { PartResult } from "../judge.js";

/** @throws {Error} where the runner cannot be started on this machine, with the reason. */
export function runnerCommand(): Promise<readonly string[]>;

export function run(): Promise<{ readonly "binary and JSON": PartResult }>;
