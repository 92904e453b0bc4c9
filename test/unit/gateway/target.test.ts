import { describe, expect, test } from "vitest";
import { parseQuery, splitTarget, variableValue } from "../../../src/runtime/gateway/target.js";

describe("M46: request targets", () => {
  test.each([
    ["/a/b?c=d&e", "/a/b", "c=d&e"],
    ["/a", "/a", ""],
    ["/a?", "/a", ""],
    ["/a?b?c", "/a", "b?c"],
    ["/a#b?c", "/a", ""],
    ["/a?b#c", "/a", "b"],
    ["http://host:1/a?b", "/a", "b"],
    ["http://host", "/", ""],
    ["http://host?b", "/", "b"],
    ["//a/b", "//a/b", ""],
    ["/a?x=http://y", "/a", "x=http://y"],
  ])("%s", (url, path, query) => {
    expect(splitTarget(url)).toEqual({ path, query });
  });

  test("query strings", () => {
    expect(parseQuery("a=1&&b&c=&=d&a=%26+%2B")).toEqual([
      ["a", "1"],
      ["b", ""],
      ["c", ""],
      ["", "d"],
      ["a", "& +"],
    ]);
    expect(() => parseQuery("a=%")).toThrow(URIError);
  });

  test("variables of one segment are decoded wholly, of several all but the slash", () => {
    expect(variableValue(["a%2Fb+%20c"], true)).toBe("a/b+ c");
    expect(variableValue(["p", "a%20%2fb%2F", "%C3%A9"], false)).toBe("p/a %2fb%2F/é");
  });
});
