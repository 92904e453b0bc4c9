import { fileURLToPath } from "node:url";
import { toolVersion } from "../version.js";
import { exitCodes, type ExitCode } from "./exit-codes.js";
import type { Io } from "./io.js";

/** Enough of a stack to find the place, not more than one wants to copy. */
const maxFrames = 6;

/** Tells about a fault of wirespan in a form that can be copied into a report: no paths of the user's machine. */
export function internalError(io: Io, argv: readonly string[], error: unknown): ExitCode {
  const lines = [
    "internal error: this is a fault of wirespan, not of your contracts",
    `  wirespan ${toolVersion()}, node ${process.version}, ${process.platform} ${process.arch}`,
    `  command: wirespan ${argv.join(" ")}`,
    ...describe(error).map((line) => `  ${line}`),
    "Nothing that was written is half written. Please report it with the lines above.",
  ];
  io.stderr.write(`${lines.join("\n")}\n`);
  return exitCodes.internal;
}

function describe(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [String(error)];
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const frames = (error.stack ?? "")
    .split("\n")
    .filter((line) => /^\s+at /.test(line) && !line.includes("node:"))
    .slice(0, maxFrames)
    .map((line) => line.trim().replaceAll("file://", "").replaceAll(root, ""));
  return [`${error.name}: ${error.message}`, ...frames];
}
