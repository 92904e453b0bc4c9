import { diagnostic, type Report } from "../../diagnostics/index.js";
import type { OptionSyntax, Origin, ProtoDocument } from "../../model/index.js";
import { isWireError } from "../../runtime/wire/index.js";
import type { Locations } from "./locations.js";
import { readOptions } from "./option-values.js";
import type { OptionTypes } from "./option-types.js";

/** What every reader of declarations works with, one per file. */
export interface FileContext {
  readonly syntax: ProtoDocument["syntax"];
  readonly locations: Locations;
  /** A name that becomes code and paths later: reported when it is none. */
  identifier(name: string | undefined, what: string, origin: Origin): string;
  /** A dotted name, optionally with a leading dot. */
  qualified(name: string | undefined, what: string, origin: Origin): string;
  /** The options of one element; `path` is that of the options message. */
  options(pieces: readonly Uint8Array[], of: string, path: string): readonly OptionSyntax[];
  /** A fault of the descriptor itself. */
  fault(problem: string, origin: Origin): void;
}

interface ContextInput {
  readonly syntax: ProtoDocument["syntax"];
  readonly locations: Locations;
  readonly types: OptionTypes;
}

/** A context that reports into `report`. */
export function createFileContext({ syntax, locations, types }: ContextInput, report: Report): FileContext {
  function fault(problem: string, origin: Origin): void {
    report(diagnostic("E1042", origin, { problem }));
  }

  function checked(name: string | undefined, pattern: RegExp, what: string, origin: Origin): string {
    if (name !== undefined && pattern.test(name)) return name;
    fault(name === undefined ? `${what} has no name` : `${JSON.stringify(name)} cannot be the name of ${what}`, origin);
    return "";
  }

  return {
    syntax,
    locations,
    fault,
    identifier: (name, what, origin) => checked(name, /^[A-Za-z_][A-Za-z0-9_]*$/, what, origin),
    qualified: (name, what, origin) => checked(name, /^\.?[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$/, what, origin),
    options(pieces, of, path) {
      if (pieces.length === 0) return [];
      const originOf = (...below: readonly string[]): Origin =>
        locations.firstOrigin(...below.map((inner) => `${path},${inner}`), path.replace(/,\d+$/, ""));
      try {
        return readOptions(pieces, `google.protobuf.${of}Options`, types, originOf);
      } catch (error) {
        if (!isWireError(error)) throw error;
        fault(`its options cannot be read: ${error.message}`, locations.origin(path.replace(/,\d+$/, "")));
        return [];
      }
    },
  };
}
