import { lstatSync, readlinkSync, realpathSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";

/** Where a path of the output folder really leads, when symbolic links take it out of there. */
export type LeadsOutside = (path: string) => string | undefined;

/** Looks at each folder once. `root` is absolute, paths are relative to it. */
export function createLinkCheck(root: string): LeadsOutside {
  const folders = new Map<string, string | undefined>();
  let real: string | undefined;

  function check(path: string): string | undefined {
    if (path === root) return undefined;
    if (!isLink(path)) return ofFolder(dirname(path));
    // a link that leads nowhere is somebody's, too
    const target = realOf(path);
    real ??= realpathSync(root);
    const inside = relative(real, target);
    return inside === ".." || inside.startsWith(`..${sep}`) || resolve(inside) === inside ? target : undefined;
  }

  function ofFolder(path: string): string | undefined {
    if (!folders.has(path)) folders.set(path, check(path));
    return folders.get(path);
  }

  return (path) => check(join(root, path));
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  } catch {
    return false;
  }
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return readlinkSync(path);
  }
}
