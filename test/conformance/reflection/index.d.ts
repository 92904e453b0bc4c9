import type { PartResult } from "../judge.js";

/** @throws {MissingTool} where Go is needed and missing. */
export function run(parts?: readonly string[]): Promise<Readonly<Record<string, PartResult>>>;
