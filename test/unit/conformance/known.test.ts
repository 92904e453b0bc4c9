import { expect, test } from "vitest";
import { readOutput } from "../../conformance/connect/index.js";
import { explain, parseKnown } from "../../conformance/connect/known.js";

const output = `FAILED: Errors/HTTPVersion:2/TLS:false/(grpc client impl)/unary/error:
\ttrailers are padded: abc=
\t
FAILED: Errors/HTTPVersion:2/TLS:false/unary/other:
\ttrailers are padded: abc=
\t; actual response headers missing "x"

Total cases: 4
2 passed, 2 failed
`;

test("the runner's output gives the number of cases that passed, and what was wrong with the others", () => {
  const { passed, failures } = readOutput(output);
  expect(passed).toBe(2);
  expect([...failures]).toEqual([
    ["Errors/HTTPVersion:2/TLS:false/(grpc client impl)/unary/error", ["trailers are padded: abc="]],
    [
      "Errors/HTTPVersion:2/TLS:false/unary/other",
      ["trailers are padded: abc=", 'actual response headers missing "x"'],
    ],
  ]);
});

test("output without a summary, or whose cases do not add up, is not taken for a result", () => {
  expect(() => readOutput("panic: no")).toThrow("the runner did not finish");
  expect(() => readOutput(output.replace("4\n2", "5\n2"))).toThrow("have a name");
  expect(() => readOutput(output.replace("2 failed", "3 failed"))).toThrow("have a name");
});

test("a list of known failures explains cases by pattern and by what was wrong, and tells what it explains no more", () => {
  const { failures } = readOutput(output);
  const [first, second] = [...failures.keys()];
  const known = (...lines: string[]): string[] => explain(failures, parseKnown(["# why", "", ...lines].join("\n")));
  expect(known("Errors/**/unary/*")).toEqual([first, second]);
  expect(known("Errors/*/*/unary/other")).toEqual([second]);
  // a case with another complaint is not explained by one of them
  expect(known("complaint: trailers are padded")).toEqual([first]);
  expect(known("Errors/**/unary", "complaint: headers")).toEqual(["Errors/**/unary", "complaint: headers"]);
});
