import { diagnostic, type Report } from "../../diagnostics/index.js";
import type { Comments, Origin, SourceText } from "../../model/index.js";
import { commentsOf, type RawComments } from "./comments.js";
import { createScanner, type Scanner } from "./scanner.js";

/** Syntax errors shown per file; beyond them follow-up errors outnumber real ones. */
const maxErrors = 20;

/** A declaration could not be read. It was reported; whoever reads the declarations around it goes on behind it. */
export const unreadable = new Error("unreadable declaration");

/** Nothing more is read of this file: too many errors, or nesting that nobody writes. */
export const hopeless = new Error("unreadable file");

/** A place to measure from: `originFrom(mark)` covers everything read since. */
export interface Mark {
  readonly start: number;
  readonly line: number;
  readonly lineStart: number;
}

/** The tokens of a file with what every part of the parser does with them: expect, report, recover, attach comments. */
export interface Cursor {
  readonly source: SourceText;
  /** How deep messages and option values nest here. */
  depth: number;
  /** `2023`, `2024`, … for editions, else empty. */
  edition: string;
  failed: boolean;
  text(): string;
  readonly kind: () => Scanner["kind"];
  at(text: string): boolean;
  /** The token after the current one is that text. */
  follows(text: string): boolean;
  next(): void;
  take(text: string): boolean;
  mark(): Mark;
  origin(): Origin;
  originFrom(mark: Mark): Origin;
  /** Reports what was expected here and gives up on the declaration. */
  fail(expected: string): never;
  report: Report;
  expect(text: string): void;
  identifier(what: string): string;
  /** The `;` that ends a declaration, with the comments that belong to it. */
  endStatement(): Comments;
  /** The `{` that ends the head of a declaration which began with that keyword. */
  openBlock(keyword: string): Comments;
  /** Reads declarations up to the `}`; one that cannot be read is skipped, the next ones are read. */
  block(what: string, opener: Origin, statement: () => void): void;
  /** Runs one declaration; false when it was unreadable and skipped. */
  attempt(statement: () => void): boolean;
  /** What the parser collected as detached comments up to here. */
  detached(): readonly string[];
}

/** A type may be called like a keyword; from a dot on it is read as the name of one. */
export function insteadOf(keyword: string): string {
  return `".${keyword}" for a type of that name`;
}

const noRaw: RawComments = { trailing: "", detached: [], leading: "" };

/** A cursor at the first token, with the comments before it kept for the first declaration. */
export function createCursor(source: SourceText, report: Report): Cursor {
  const { text } = source;
  let errors = 0;
  /** Braces read and not closed yet. */
  let open = 0;
  /** Where the scanner found something wrong last: what the grammar misses next to it is a consequence. */
  let problemLine = -1;
  let upcomingLeading = "";
  let upcomingDetached: readonly string[] = [];
  let previousEnd = 0;
  let previousLine = 0;
  let previousLineStart = 0;

  const scanner = createScanner(text, (problem, start, end, line, lineStart) => {
    problemLine = line;
    const origin = place(start, end, line, lineStart);
    switch (problem) {
      case "unterminated string":
        return fault(diagnostic("E1002", origin, undefined));
      case "unterminated comment":
        return fault(diagnostic("E1005", origin, undefined));
      case "bad number":
        return fault(diagnostic("E1004", origin, { text: text.slice(start, end) }));
      case "bad character":
        return fault(diagnostic("E1006", origin, { text: text.slice(start, end) }));
    }
  });

  function place(start: number, end: number, line: number, lineStart: number): Origin {
    const lineEnd = text.indexOf("\n", start);
    const stop = lineEnd < 0 ? end : Math.min(end, lineEnd);
    return { file: source.file, line: line + 1, column: start - lineStart + 1, length: Math.max(1, stop - start) };
  }

  function fault(found: ReturnType<typeof diagnostic>): void {
    cursor.failed = true;
    if (errors > maxErrors) return;
    errors++;
    report(errors > maxErrors ? diagnostic("E1012", found.origin, { shown: maxErrors }) : found);
  }

  /** Also inside of strings and comments: programs in C see the file end there. */
  function refuseNul(): void {
    const at = text.indexOf("\0");
    if (at < 0) return;
    const lineStart = text.lastIndexOf("\n", at) + 1;
    const origin = place(at, at + 1, text.slice(0, at).split("\n").length - 1, lineStart);
    fault(diagnostic("E1006", origin, { text: "\0" }));
  }

  function remember(): void {
    if (scanner.kind === "symbol") {
      const c = text.charCodeAt(scanner.start);
      if (c === 123) open++;
      else if (c === 125) open--;
    }
    previousEnd = scanner.end;
    previousLine = scanner.line;
    previousLineStart = scanner.lineStart;
  }

  function next(): void {
    remember();
    scanner.next();
    if (errors > maxErrors) throw hopeless;
  }

  function current(): string {
    return text.slice(scanner.start, scanner.end);
  }

  function at(expected: string): boolean {
    return (
      scanner.end - scanner.start === expected.length &&
      (scanner.kind === "identifier" || scanner.kind === "symbol") &&
      text.startsWith(expected, scanner.start)
    );
  }

  function origin(): Origin {
    return place(scanner.start, scanner.end, scanner.line, scanner.lineStart);
  }

  function shown(): string {
    if (scanner.kind === "end") return "the end of the file";
    const found = current();
    return found.length > 40 ? `${JSON.stringify(found.slice(0, 40))}…` : JSON.stringify(found);
  }

  function fail(expected: string): never {
    if (problemLine < 0 || (problemLine !== scanner.line && problemLine !== previousLine)) {
      fault(diagnostic("E1001", origin(), { expected, found: shown() }));
    }
    throw errors > maxErrors ? hopeless : unreadable;
  }

  /** Moves over the end of a declaration; what was kept for it is handed out, what comes after is kept. */
  function endDeclaration(): Comments {
    remember();
    const raw = scanner.nextWithComments();
    const comments = commentsOf({ leading: upcomingLeading, detached: upcomingDetached, trailing: raw.trailing });
    upcomingLeading = raw.leading;
    upcomingDetached = raw.detached;
    return comments;
  }

  /** Behind a `}` or an empty statement: nothing is attached. */
  function endOther(keepDetached: boolean): void {
    remember();
    const raw = scanner.nextWithComments();
    upcomingLeading = raw.leading;
    upcomingDetached = keepDetached ? [...upcomingDetached, ...raw.detached] : raw.detached;
  }

  /** Behind the declaration that began when `outer` braces were open. */
  function skip(outer: number): void {
    for (;;) {
      if (scanner.kind === "end") return;
      if (at(";") && open <= outer) return endOther(false);
      if (at("}")) {
        if (open <= outer) return;
        if (open === outer + 1) return endOther(false);
      }
      next();
    }
  }

  const cursor: Cursor = {
    source,
    depth: 0,
    edition: "",
    failed: false,
    text: current,
    kind: () => scanner.kind,
    at,
    follows(expected) {
      const rest = text.slice(scanner.end, scanner.end + 200);
      return rest.replace(/^(?:\s|\/\/[^\n]*\n|\/\*[^]*?\*\/)+/, "").startsWith(expected);
    },
    next,
    take(expected) {
      if (!at(expected)) return false;
      next();
      return true;
    },
    mark: () => ({ start: scanner.start, line: scanner.line, lineStart: scanner.lineStart }),
    origin,
    originFrom: ({ start, line, lineStart }) => place(start, previousEnd, line, lineStart),
    fail,
    report: fault,
    expect(expected) {
      if (!at(expected)) fail(JSON.stringify(expected));
      next();
    },
    identifier(what) {
      if (scanner.kind !== "identifier") fail(what);
      const name = current();
      next();
      return name;
    },
    endStatement() {
      if (at(";")) return endDeclaration();
      if (scanner.line === previousLine && !at("}") && scanner.kind !== "end") return fail('";"');
      // the next line starts something new: say what is missing and read on as if it were there
      fault(diagnostic("E1007", place(previousEnd, previousEnd + 1, previousLine, previousLineStart), undefined));
      const comments = commentsOf({ ...noRaw, leading: upcomingLeading, detached: upcomingDetached });
      upcomingLeading = "";
      upcomingDetached = [];
      return comments;
    },
    openBlock(keyword) {
      if (!at("{")) fail(at("=") ? `"{", or ${insteadOf(keyword)}` : '"{"');
      return endDeclaration();
    },
    block(what, opener, statement) {
      while (!at("}")) {
        if (scanner.kind === "end") {
          fault(diagnostic("E1013", opener, { what }));
          return;
        }
        if (at(";")) endOther(true);
        else cursor.attempt(statement);
      }
      endOther(false);
    },
    attempt(statement) {
      const { depth } = cursor;
      const outer = open;
      try {
        statement();
        return true;
      } catch (error) {
        if (error !== unreadable) throw error;
        cursor.depth = depth;
        skip(outer);
        return false;
      }
    },
    detached: () => upcomingDetached,
  };

  refuseNul();
  const raw = scanner.nextWithComments();
  upcomingLeading = raw.leading;
  upcomingDetached = raw.detached;
  return cursor;
}
