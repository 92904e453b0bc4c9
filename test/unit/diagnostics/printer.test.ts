import { describe, expect, test } from "vitest";
import {
  diagnostic,
  diagnosticsToGithub,
  diagnosticsToJson,
  nearest,
  nearestOrShorter,
  printDiagnostics,
  shortenPaths,
  table,
  textWidth,
  type Diagnostic,
} from "../../../src/diagnostics/index.js";

const text = "out: gen\nincludes: [a]\n";
const unknownKey: Diagnostic = diagnostic(
  "E5001",
  { file: "wirespan.config.yaml", line: 2, column: 1, length: 8 },
  { name: "includes", nearest: "include", known: [] },
);
const plain = { color: false, width: 80, text: () => text };

function at(line: number, column: number, length = 1, file = "a.proto"): Diagnostic {
  return { ...unknownKey, message: `at ${line}:${column}`, help: undefined, origin: { file, line, column, length } };
}

/** The code frame's two lines: source and carets. */
function frame(source: string, column: number, length: number, width = 80): readonly [string, string] {
  const printed = printDiagnostics([at(1, column, length)], { color: false, width, text: () => source }).split("\n");
  return [printed[3] ?? "", printed[4] ?? ""];
}

test("code, message, place, frame, help, count", () => {
  expect(printDiagnostics([unknownKey], plain)).toBe(
    [
      'error E5001: unknown configuration key "includes"',
      "  --> wirespan.config.yaml:2:1",
      "  |",
      "2 | includes: [a]",
      "  | ^^^^^^^^",
      'help: did you mean "include"?',
      "",
      "1 error (wirespan explain E5001 tells more)",
      "",
    ].join("\n"),
  );
});

test("related places have frames of their own", () => {
  const related = [{ message: "first declared here", origin: { file: "b.proto", line: 1, column: 1, length: 3 } }];
  const printed = printDiagnostics([{ ...unknownKey, help: undefined, related }], plain);
  expect(printed).toContain("note: first declared here\n  --> b.proto:1:1\n  |\n1 | out: gen\n  | ^^^\n");
});

test("sorted by file and position, what has no place first, equal ones once", () => {
  const loose: Diagnostic = { ...unknownKey, message: "loose", origin: undefined };
  const printed = printDiagnostics([at(9, 1), at(2, 5, 1, "b.proto"), at(2, 1), at(2, 1), loose], {
    ...plain,
    text: () => undefined,
  });
  const messages = [...printed.matchAll(/E5001: (.*)/g)].map(([, message]) => message);
  expect(messages).toEqual(["loose", "at 2:1", "at 9:1", "at 2:5"]);
  expect(printed).toContain("4 errors");
});

test("colours only when asked for", () => {
  expect(printDiagnostics([unknownKey], plain)).not.toContain("\x1b");
  expect(printDiagnostics([unknownKey], { ...plain, color: true })).toContain("\x1b[1;31merror E5001\x1b[0m");
});

test("errors past the limit are counted, warnings make room first", () => {
  const many = Array.from({ length: 10 }, (_, i) => at(i + 1, 1));
  const warning: Diagnostic = { ...at(1, 1), severity: "warning", message: "less important" };
  const printed = printDiagnostics([warning, ...many], { ...plain, limit: 10 });
  expect(printed).not.toContain("less important");
  expect(printed).toContain("… and 1 more");
  expect(printed).toContain("10 errors, 1 warning");
});

describe("code frames", () => {
  test("carets stand under wide characters, tabs and combining marks", () => {
    expect(frame("名前: x", 5, 1)).toEqual(["1 | 名前: x", "  |       ^"]);
    expect(frame("名前: x", 1, 2)).toEqual(["1 | 名前: x", "  | ^^^^"]);
    expect(frame("\tx", 2, 1)).toEqual(["1 |   x", "  |   ^"]);
    expect(frame("e\u0301 x", 4, 1)).toEqual(["1 | e\u0301 x", "  |   ^"]);
    expect(frame("👩‍💻 x", "👩‍💻 ".length + 1, 1)).toEqual(["1 | 👩‍💻 x", "  |    ^"]);
  });

  test("a place past the end of its line still has a caret", () => {
    expect(frame("abc", 10, 5)).toEqual(["1 | abc", "  |    ^"]);
    expect(frame("", 1, 1)).toEqual(["1 |", "  | ^"]);
  });

  test("long lines are clipped around the place", () => {
    const source = `${"a".repeat(500)}HERE${"b".repeat(500)}`;
    const [line, carets] = frame(source, 501, 4);
    expect(line.length).toBeLessThanOrEqual(80);
    expect(line).toMatch(/^1 \| …a+HEREb+…$/);
    expect(carets.indexOf("^")).toBe(line.indexOf("HERE"));
    expect(carets).toMatch(/^ {2}\| +\^{4}$/);
  });

  test("a megabyte on one line costs nothing", () => {
    const start = performance.now();
    frame("x".repeat(1_000_000), 500_000, 900_000);
    expect(performance.now() - start).toBeLessThan(200);
  });

  test("text of a contract cannot move the cursor, colour the terminal or reverse the line", () => {
    const hostile = 'name \x1b[2J\x9b31m "\u202Edrowssap"';
    const [line] = frame(hostile, 1, 4);
    expect(line).toBe('1 | name \\u{1b}[2J\\u{9b}31m "\\u{202e}drowssap"');
    const printed = printDiagnostics([{ ...at(1, 1), message: "a\nb\x1b[0m" }], { ...plain, text: () => undefined });
    expect(printed).toContain("a b\\u{1b}[0m");
  });

  test("no frame for a line that does not exist", () => {
    expect(printDiagnostics([at(99, 1)], plain)).not.toContain("|");
  });
});

test("widths", () => {
  expect(["abc", "名前", "é", "e\u0301", "👍", "ｘ", ""].map(textWidth)).toEqual([3, 4, 1, 1, 2, 2, 0]);
});

test("JSON carries places as numbers", () => {
  expect(diagnosticsToJson([unknownKey])).toEqual([
    {
      code: "E5001",
      severity: "error",
      message: 'unknown configuration key "includes"',
      file: "wirespan.config.yaml",
      line: 2,
      column: 1,
      length: 8,
      help: 'did you mean "include"?',
      related: [],
    },
  ]);
});

test("GitHub's commands cannot be forged by a contract", () => {
  const hostile: Diagnostic = {
    ...unknownKey,
    message: "100%\n::error::forged",
    help: undefined,
    origin: { file: "a:b,c.proto", line: 1, column: 2, length: 3 },
  };
  expect(diagnosticsToGithub([hostile])).toBe(
    "::error file=a%3Ab%2Cc.proto,line=1,col=2,endColumn=5,title=E5001::100%25%0A::error::forged\n",
  );
});

test("names that a longer word stands for", () => {
  const names = ["inputs", "include", "out", "only"];
  expect(
    ["output", "ouput", "outDir", "otu", "includeDirs", "constructor", "about", "o"].map((word) =>
      nearestOrShorter(word, names),
    ),
  ).toEqual(["out", "out", "out", "out", "include", undefined, undefined, undefined]);
  expect(nearestOrShorter("--output", ["--only", "--out"])).toBe("--out");
});

test("paths below the output folder are shown as the reader would write them, in messages about writing only", () => {
  const write = diagnostic("E6002", undefined, { path: "/p/gen/a.pb.ts", stale: false });
  const folder = diagnostic("E6006", undefined, { path: "/p/gen", reason: "no space" });
  const quoted = diagnostic("E5003", undefined, { path: "/p/gen/x", reason: "-" });
  const shown = (as: string): readonly string[] =>
    shortenPaths([write, folder, quoted], "/p/gen", as).map(({ message }) => message);
  expect(shown("../gen")).toEqual([
    "../gen/a.pb.ts was edited by hand since wirespan wrote it",
    "cannot write ../gen: no space",
    "cannot load the configuration /p/gen/x: -",
  ]);
  expect(shown(".")[0]).toBe("a.pb.ts was edited by hand since wirespan wrote it");
});

test("nearest names", () => {
  expect(nearest("otu", ["out", "only"])).toBe("out");
  expect(nearest("UserServcie", ["UserService", "Other"])).toBe("UserService");
  expect(nearest("zzz", ["out"])).toBeUndefined();
});

test("every code of the table has what explain prints", () => {
  for (const [code, entry] of Object.entries(table)) {
    expect(code).toMatch(/^E[1-6]\d{3}$/);
    expect(entry.explain.length, code).toBeGreaterThan(10);
    expect(entry.explain, code).toMatch(/[.)]$/m);
  }
});
