import { isAbsolute, relative, resolve, sep } from "node:path";

/** A path with `/` on every platform. */
export function toPosix(path: string): string {
  return sep === "/" ? path : path.replaceAll(sep, "/");
}

/** The path below a folder, with `/`; undefined when it lies outside of it. */
export function below(folder: string, path: string): string | undefined {
  const inside = toPosix(relative(folder, path));
  return inside === "" || inside.startsWith("../") || inside === ".." || isAbsolute(inside) ? undefined : inside;
}

/** Relative to the longest root that holds the file, else to the working directory (then possibly with `..`). */
export function canonicalPath(path: string, roots: readonly string[], cwd: string): string {
  let best: string | undefined;
  for (const root of roots) {
    const inside = below(root, path);
    if (inside !== undefined && (best === undefined || inside.length < best.length)) best = inside;
  }
  return best ?? toPosix(relative(cwd, path));
}

/**
 * The include root that a proto implies by its package: `protos` for `protos/acme/v1/a.proto` with `package acme.v1`.
 * The working directory when the folders do not follow the package.
 */
export function impliedRoot(path: string, packageName: string, cwd: string): string {
  const folder = toPosix(resolve(path, ".."));
  if (packageName === "") return cwd;
  const tail = `/${packageName.replaceAll(".", "/")}`;
  return folder.endsWith(tail) ? resolve(folder.slice(0, -tail.length) || "/") : cwd;
}

/** How a file is shown to the user: relative to the working directory, absolute on another drive. */
export function shownPath(path: string, cwd: string): string {
  return toPosix(relative(cwd, path) || ".");
}
