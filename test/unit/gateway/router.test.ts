import { describe, expect, test } from "vitest";
import { type RoutePattern, createRouter } from "../../../src/runtime/gateway/index.js";

function pattern(verb: string, path: string, customVerb?: string): RoutePattern {
  const segments = path === "/" ? [] : path.slice(1).split("/");
  return customVerb === undefined ? { verb, path, segments } : { verb, path, segments, customVerb };
}

const routes = [
  pattern("GET", "/users/*"),
  pattern("DELETE", "/users/*"),
  pattern("GET", "/users/me"),
  pattern("POST", "/users/*", "archive"),
  pattern("GET", "/files/**"),
  pattern("GET", "/files/**/meta"),
  pattern("GET", "/files/*/meta"),
  pattern("*", "/any/*"),
  pattern("GET", "/"),
];
const router = createRouter(routes);

function found(verb: string, path: string): string {
  const match = router.match(verb, path);
  if (match.kind === "found") return match.route.path + (match.route.customVerb ?? "");
  return match.kind === "verb" ? `only ${match.allow.join(", ")}` : "none";
}

describe("M47: the router", () => {
  test.each([
    ["GET", "/users/42", "/users/*"],
    ["GET", "/users/me", "/users/me"],
    ["DELETE", "/users/me", "/users/*"],
    ["PUT", "/users/42", "only DELETE, GET"],
    ["POST", "/users/42:archive", "/users/*archive"],
    ["GET", "/users/42:archive", "/users/*"],
    ["GET", "/users/42:other", "/users/*"],
    ["GET", "/users", "none"],
    ["GET", "/users/", "none"],
    ["GET", "/users//", "none"],
    ["GET", "/users/1/2", "none"],
    ["GET", "/Users/1", "none"],
    ["GET", "/users/m%65", "/users/me"],
    ["GET", "/files", "/files/**"],
    ["GET", "/files/a/b/c", "/files/**"],
    ["GET", "/files/a/b/meta", "/files/**/meta"],
    ["GET", "/files/a/meta", "/files/*/meta"],
    ["PURGE", "/any/1", "/any/*"],
    ["GET", "/", "/"],
    ["GET", "", "none"],
    ["GET", "*", "none"],
  ])("M44: %s %s → %s", (verb, path, expected) => {
    expect(found(verb, path)).toBe(expected);
  });

  test("an encoded colon is data, an encoded slash stays in its segment", () => {
    expect(router.match("POST", "/users/42%3Aarchive")).toEqual({ kind: "verb", allow: ["DELETE", "GET"] });
    expect(router.match("GET", "/users/a%2Fb")).toMatchObject({ kind: "found", segments: ["users", "a%2Fb"] });
  });

  test("a malformed escape is an error of its own", () => {
    expect(() => router.match("GET", "/users/%zz")).toThrow(URIError);
    expect(() => router.match("GET", "/users/%ff")).toThrow(URIError);
  });

  test("names of inherited properties are names like any other", () => {
    const odd = createRouter([pattern("GET", "/constructor/__proto__")]);
    expect(odd.match("GET", "/constructor/__proto__").kind).toBe("found");
    expect(odd.match("GET", "/toString").kind).toBe("none");
    expect(odd.match("constructor", "/constructor/__proto__")).toEqual({ kind: "verb", allow: ["GET"] });
  });

  test("two routes for the same requests are refused", () => {
    expect(() => createRouter([pattern("GET", "/a/*"), pattern("GET", "/a/*")])).toThrow("two routes match");
  });

  test("routes are found among a thousand others", () => {
    const many = Array.from({ length: 1000 }, (_, i) => pattern("GET", `/r${i}/*/x/*`));
    const crowded = createRouter([...many, ...routes]);
    expect(crowded.match("GET", "/r999/a/x/b")).toMatchObject({ kind: "found", route: { path: "/r999/*/x/*" } });
    expect(crowded.match("GET", "/users/me")).toMatchObject({ kind: "found", route: { path: "/users/me" } });
  });

  test("a path of colons costs a bounded number of look-ups", () => {
    expect(router.match("POST", `/users/${":".repeat(10_000)}archive`).kind).toBe("verb");
  });
});
