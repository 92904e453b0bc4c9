import { existsSync } from "node:fs";
import { join } from "node:path";

const folders = [
  "/usr/bin",
  "/usr/sbin",
  "/usr/local/bin",
  "/usr/local/sbin",
  "/opt/homebrew/bin",
  "/opt/homebrew/sbin",
];

/** Where a program is: in PATH, or where servers are installed that PATH does not name. */
export function inPath(program: string): string | undefined {
  const path = (process.env["PATH"] ?? "").split(":").filter((folder) => folder !== "");
  return [...path, ...folders].map((folder) => join(folder, program)).find((file) => existsSync(file));
}
