import type { RawComments } from "./comments.js";

/** `start` before the first token, `end` behind the last one. */
export type TokenKind = "start" | "identifier" | "integer" | "float" | "string" | "symbol" | "end";

/** What the scanner itself finds wrong; offsets into the text. */
export type ScanProblem = "unterminated string" | "unterminated comment" | "bad number" | "bad character";

/**
 * The tokens of one file, one at a time. `kind`, `start`, `end`, `line` and `lineStart` describe the current token and
 * change with every call; lines count from 0.
 */
export interface Scanner {
  kind: TokenKind;
  start: number;
  end: number;
  line: number;
  lineStart: number;
  /** Moves on; comments on the way are dropped. */
  next(): void;
  /** Moves on from the end of a declaration and attaches the comments on the way as protoc does. */
  nextWithComments(): RawComments;
}

/** Called for each problem; offsets into the text, and the line it stands on. */
export type OnScanProblem = (problem: ScanProblem, start: number, end: number, line: number, lineStart: number) => void;

const newline = 10;
const slash = 47;
const star = 42;

const mark = { none: 0, line: 1, block: 2 } as const;

/** Splits a text into protoc's tokens. Never fails: what is no token is reported and skipped. */
export function createScanner(text: string, onProblem: OnScanProblem): Scanner {
  const size = text.length;
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  let line = 0;
  let lineStart = at;
  const number = /0[xX][0-9a-fA-F]*|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d*)?/y;

  const scanner: Scanner = { kind: "start", start: at, end: at, line, lineStart, next, nextWithComments };
  return scanner;

  function next(): void {
    for (;;) {
      skipBlanks();
      if (takeNewline()) continue;
      const comment = takeCommentStart();
      if (comment === mark.line) lineComment();
      else if (comment === mark.block) blockComment();
      else if (readToken()) return;
    }
  }

  /** False where a character was no token: it is reported, and the caller goes on behind it. */
  function readToken(): boolean {
    scanner.start = at;
    scanner.line = line;
    scanner.lineStart = lineStart;
    if (at >= size) {
      scanner.kind = "end";
      scanner.end = size;
      return true;
    }
    const c = text.charCodeAt(at);
    if (isLetter(c)) {
      do at++;
      while (isLetter(text.charCodeAt(at)) || isDigit(text.charCodeAt(at)));
      scanner.kind = "identifier";
    } else if (isDigit(c) || (c === 46 && isDigit(text.charCodeAt(at + 1)))) {
      readNumber();
    } else if (c === 34 || c === 39) {
      readString(c);
    } else if (c > 32 && c < 127) {
      at++;
      scanner.kind = "symbol";
    } else {
      at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
      onProblem("bad character", scanner.start, at, line, lineStart);
      return false;
    }
    scanner.end = at;
    return true;
  }

  function readNumber(): void {
    number.lastIndex = at;
    const found = number.exec(text)?.[0] ?? "0";
    at += found.length;
    const hex = /^0[xX]/.test(found);
    const float = !hex && /[.eE]/.test(found);
    scanner.kind = float ? "float" : "integer";
    let good = hex ? found.length > 2 : float ? /\d$|\d\.$/.test(found) : !/^0\d*[89]/.test(found);
    while (isLetter(text.charCodeAt(at)) || isDigit(text.charCodeAt(at))) {
      good = false;
      at++;
    }
    if (!good) onProblem("bad number", scanner.start, at, line, lineStart);
  }

  function readString(quote: number): void {
    scanner.kind = "string";
    at++;
    for (;;) {
      const c = text.charCodeAt(at);
      if (at >= size || c === newline) {
        onProblem("unterminated string", scanner.start, at, line, lineStart);
        return;
      }
      at++;
      if (c === quote) return;
      if (c === 92 && text.charCodeAt(at) !== newline) at++;
    }
  }

  function skipBlanks(): void {
    for (;;) {
      const c = text.charCodeAt(at);
      // NUL: the parser refuses a file that has one
      if (c === 32 || c === 9 || c === 13 || c === 12 || c === 11 || c === 0) at++;
      else return;
    }
  }

  function takeNewline(): boolean {
    if (text.charCodeAt(at) !== newline) return false;
    at++;
    line++;
    lineStart = at;
    return true;
  }

  function takeCommentStart(): number {
    if (text.charCodeAt(at) !== slash) return mark.none;
    const second = text.charCodeAt(at + 1);
    if (second === slash) {
      at += 2;
      return mark.line;
    }
    if (second === star) {
      at += 2;
      return mark.block;
    }
    return mark.none;
  }

  /** Behind `//`: the rest of the line with its newline. */
  function lineComment(): string {
    const start = at;
    const end = text.indexOf("\n", at);
    if (end < 0) {
      at = size;
    } else {
      at = end + 1;
      line++;
      lineStart = at;
    }
    return text.slice(start, at);
  }

  /** Behind the opening mark; indentation and the first star of every further line are dropped. */
  function blockComment(): string {
    const start = at;
    const startLine = line;
    const startLineStart = lineStart;
    let end = text.indexOf("*/", at);
    if (end < 0) {
      onProblem("unterminated comment", start - 2, start, startLine, startLineStart);
      end = size;
    }
    for (let i = text.indexOf("\n", at); i >= 0 && i < end; i = text.indexOf("\n", i + 1)) {
      line++;
      lineStart = i + 1;
    }
    at = Math.min(size, end + 2);
    const body = text.slice(start, end);
    return line === startLine ? body : body.replace(/\n[ \t\r\f\v]*\*?/g, "\n");
  }

  function nextWithComments(): RawComments {
    let trailing = "";
    let buffer = "";
    let pending: 0 | 1 | 2 = mark.none;
    let attach = true;
    const detached: string[] = [];
    const flush = (): void => {
      if (pending === mark.none) return;
      if (attach) {
        trailing = buffer;
        attach = false;
      } else {
        detached.push(buffer);
      }
      buffer = "";
      pending = mark.none;
    };
    const finish = (leading: string): RawComments => ({ trailing, detached, leading });

    if (scanner.kind === "start") {
      attach = false;
    } else {
      // a comment on the same line belongs to the declaration before
      skipBlanks();
      const comment = takeCommentStart();
      if (comment === mark.line) {
        buffer = lineComment();
        pending = mark.line;
        flush();
      } else if (comment === mark.block) {
        const text = blockComment();
        skipBlanks();
        if (!takeNewline()) {
          // the next token follows on this line: nobody can tell which one is meant
          next();
          return finish("");
        }
        buffer = text;
        pending = mark.block;
        flush();
      } else if (!takeNewline()) {
        next();
        return finish("");
      }
    }

    for (;;) {
      skipBlanks();
      const comment = takeCommentStart();
      if (comment === mark.line) {
        if (pending === mark.block) flush();
        pending = mark.line;
        buffer += lineComment();
      } else if (comment === mark.block) {
        flush();
        buffer = blockComment();
        pending = mark.block;
        skipBlanks();
        takeNewline();
      } else if (takeNewline()) {
        flush();
        attach = false;
      } else if (readToken()) {
        const c = scanner.kind === "symbol" ? text.charCodeAt(scanner.start) : 0;
        const closes = c === 125 || c === 93 || c === 41;
        if (scanner.kind === "end" || closes) flush();
        return finish(buffer);
      }
    }
  }
}

function isLetter(c: number): boolean {
  return (c > 96 && c < 123) || (c > 64 && c < 91) || c === 95;
}

function isDigit(c: number): boolean {
  return c > 47 && c < 58;
}
