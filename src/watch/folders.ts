import { statSync } from "node:fs";
import { stat } from "node:fs/promises";

/** A folder that went, came or was replaced is noticed within this time. */
const everyMs = 500;

/** Looks at folders by name, from time to time. */
export interface FolderLook {
  /** What to look at from now on; those it knew already keep the state it knew. */
  at(paths: readonly string[]): void;
  /** The file system's events said that it went. */
  lost(path: string): void;
  close(): void;
}

/**
 * Watching a folder means holding on to what was there under that name: when it is moved away, or deleted and created
 * again, as switching a branch does, no event tells of what stands there now. `changed` is told of folders that are
 * not what they were.
 */
export function createFolderLook(changed: (paths: readonly string[]) => void): FolderLook {
  let known = new Map<string, string>();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  async function look(): Promise<void> {
    const paths = [...known.keys()];
    const now = await Promise.all(paths.map((path) => stat(path).then(identity, () => "")));
    if (closed) return;
    const different = paths.filter((path, i) => known.has(path) && known.get(path) !== now[i]);
    paths.forEach((path, i) => known.has(path) && known.set(path, now[i] ?? ""));
    if (different.length > 0) changed(different);
    again();
  }

  function again(): void {
    // keeps the process alive, too: there may be nothing left to watch
    timer = setTimeout(() => void look(), everyMs);
  }

  again();
  return {
    at(paths) {
      known = new Map(paths.map((path) => [path, known.get(path) ?? identityNow(path)]));
    },
    lost(path) {
      if (known.has(path)) known.set(path, "");
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

/** Same for as long as it is the same folder; a file may be replaced, editors save like that. */
function identity(found: { isDirectory(): boolean; ino: number; dev: number; birthtimeMs: number }): string {
  return found.isDirectory() ? `${found.dev} ${found.ino} ${found.birthtimeMs}` : "file";
}

function identityNow(path: string): string {
  try {
    return identity(statSync(path));
  } catch {
    return "";
  }
}
