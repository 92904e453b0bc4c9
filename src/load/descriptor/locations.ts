import type { Comments, Origin } from "../../model/index.js";
import { noComments } from "../../model/index.js";
import { commentsOf } from "../proto/comments.js";
import { SourceInfo, type Location } from "./descriptor.pb.js";

/** Where the declarations of one file stand, by path: field numbers and indexes from the file down, `4,0,2,1`. */
export interface Locations {
  /** The place of a declaration's name, number, …; the start of the file where the compiler gave none. */
  origin(path: string): Origin;
  /** The first of those places that is known. */
  firstOrigin(...paths: readonly string[]): Origin;
  comments(path: string): Comments;
  /** Comments as the compiler gave them, in order of appearance; none that are empty. */
  texts(path: string): readonly string[];
  /** The path of what stands first in the file. */
  readonly first: string | undefined;
}

/**
 * Reads `SourceCodeInfo`; without it (no pieces) nothing has a place or a comment. Columns are the compiler's: they
 * count bytes, and tabs up to the next multiple of eight.
 */
export function readLocations(pieces: readonly Uint8Array[], file: string): Locations {
  const byPath = new Map<string, Location>();
  let first: { readonly path: string; readonly location: Location } | undefined;
  for (const piece of pieces) {
    for (const location of SourceInfo.decode(piece).location) {
      const path = location.path.join(",");
      // an extend block and its fields may share a path: the first one is the declaration's own
      if (path === "" || byPath.has(path)) continue;
      byPath.set(path, location);
      if (first === undefined || isBefore(location, first.location)) first = { path, location };
    }
  }
  const start: Origin = { file, line: 1, column: 1, length: 1 };

  return {
    first: first?.path,
    origin: (path) => originOf(byPath.get(path), file) ?? start,
    firstOrigin(...paths) {
      for (const path of paths) {
        const found = originOf(byPath.get(path), file);
        if (found !== undefined) return found;
      }
      return start;
    },
    comments(path) {
      const location = byPath.get(path);
      if (location === undefined) return noComments;
      return commentsOf({
        leading: location.leadingComments ?? "",
        trailing: location.trailingComments ?? "",
        detached: location.leadingDetachedComments,
      });
    },
    texts(path) {
      const location = byPath.get(path);
      if (location === undefined) return [];
      const { leadingDetachedComments, leadingComments, trailingComments } = location;
      const { detached, leading, trailing } = commentsOf({
        detached: leadingDetachedComments,
        leading: leadingComments ?? "",
        trailing: trailingComments ?? "",
      });
      return [...detached, leading, trailing].filter((text) => text !== "");
    },
  };
}

/** `[line, column, end column]` or `[line, column, end line, end column]`, from 0. */
function originOf(location: Location | undefined, file: string): Origin | undefined {
  if (location === undefined) return undefined;
  const [line = 0, column = 0, end = 0] = location.span;
  const length = location.span.length === 3 ? Math.max(1, end - column) : 1;
  return { file, line: line + 1, column: column + 1, length };
}

function isBefore({ span: [line = 0, column = 0] }: Location, { span: [line2 = 0, column2 = 0] }: Location): boolean {
  return line < line2 || (line === line2 && column < column2);
}
