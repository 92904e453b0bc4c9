import type { SourceFile } from "../model/index.js";

/** The output path of a source, without suffix: `acme/user/v1/user` for `acme/user/v1/user.proto`. */
export function outputStem(file: SourceFile): string {
  if (file.kind === "proto") return file.path.replace(/\.proto$/, "");
  return file.path.replace(/\.(ya?ml|json)$/, "").replace(/(?<=[^/])\.(events|asyncapi)$/, "");
}

/** The path from one output to another as an import specifier, with `/` and a leading `./` or `../`, extension kept. */
export function relativePath(from: string, to: string): string {
  const source = from.split("/").slice(0, -1);
  const target = to.split("/");
  let common = 0;
  while (common < source.length && common < target.length - 1 && source[common] === target[common]) common++;
  const up = source.slice(common).map(() => "..");
  const parts = [...up, ...target.slice(common)];
  return up.length === 0 ? `./${parts.join("/")}` : parts.join("/");
}

/** True when a relative output path stays inside of the output folder. */
export function staysInside(path: string): boolean {
  return (
    path !== "" &&
    !path.startsWith("/") &&
    !/^[A-Za-z]:/.test(path) &&
    !path.includes("\\") &&
    !path.includes("\0") &&
    !path.split("/").some((part) => part === ".." || part === "." || part === "")
  );
}
