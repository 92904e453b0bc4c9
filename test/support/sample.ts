import type { JsonValue, Schema } from "../../src/model/index.js";

/** Texts for the formats and patterns that contracts are fond of; the first that fits is taken. */
const texts = [
  "a",
  "text",
  "Text",
  "1",
  "2026-01-02T03:04:05Z",
  "2026-01-02",
  "03:04:05Z",
  "8f14e45f-ceea-467f-a8f4-3a5c1f1f3d5e",
  "ada@example.com",
  "https://example.com/a",
  "example.com",
  "127.0.0.1",
  "::1",
  "P1D",
  "EUR",
  "EUR/USD",
  "ABC-123",
  "abc-123",
  "12345678",
  "ABCDEF123456",
  "YQ==",
  "/a",
];

/** Levels below which what is optional is left out: recursive schemas would never end. */
const deepest = 6;

/**
 * A value that a schema describes, as simple as it goes: what is required, and what is optional near the top.
 * What patterns demand is guessed; the caller checks.
 */
export function sampleOf(schema: Schema, resolve: (key: string) => Schema | undefined, depth = 0): JsonValue {
  switch (schema.kind) {
    case "null":
      return null;
    case "boolean":
      return true;
    case "string":
      return textFor(schema);
    case "number":
    case "integer":
      return numberFor(schema);
    case "enum":
      return schema.values[0] ?? null;
    case "array": {
      const least = Math.max(schema.minItems ?? 0, depth < deepest && schema.maxItems !== 0 ? 1 : 0);
      const length = schema.items.kind === "never" ? Math.max(schema.minItems ?? 0, schema.prefix.length) : least;
      return Array.from({ length }, (_, i) => sampleOf(schema.prefix[i] ?? schema.items, resolve, depth + 1));
    }
    case "object": {
      const wanted = schema.properties.filter(
        ({ required, schema: inner }) => required || (depth < 2 && inner.kind !== "never"),
      );
      return Object.fromEntries(wanted.map(({ name, schema: inner }) => [name, sampleOf(inner, resolve, depth + 1)]));
    }
    case "ref": {
      const target = resolve(schema.key);
      return target === undefined ? {} : sampleOf(target, resolve, depth + 1);
    }
    case "union": {
      const member = schema.members.find(({ kind }) => kind !== "null") ?? schema.members[0];
      return member === undefined ? null : sampleOf(member, resolve, depth + 1);
    }
    case "intersection": {
      const parts = schema.members.map((member) => sampleOf(member, resolve, depth + 1));
      return parts.every((part) => typeof part === "object" && part !== null)
        ? (Object.assign({}, ...parts) as JsonValue)
        : (parts[0] ?? {});
    }
    default:
      return {};
  }
}

function textFor({ format, minLength = 0, maxLength, pattern, examples }: Schema & { kind: "string" }): string {
  const given = examples.filter((example) => typeof example === "string");
  const padded = "x".repeat(Math.max(1, minLength));
  const fits = (text: string): boolean =>
    text.length >= minLength &&
    text.length <= (maxLength ?? Infinity) &&
    (pattern === undefined || matches(pattern, text));
  const ofFormat: Readonly<Record<string, string>> = {
    "date-time": "2026-01-02T03:04:05.000Z",
    date: "2026-01-02",
    time: "03:04:05Z",
    uuid: "8f14e45f-ceea-467f-a8f4-3a5c1f1f3d5e",
    email: "ada@example.com",
    uri: "https://example.com/a",
    ipv4: "127.0.0.1",
    ipv6: "::1",
    hostname: "example.com",
  };
  const known = format === undefined ? undefined : ofFormat[format];
  return [...(known === undefined ? [] : [known]), ...given, padded, ...texts].find(fits) ?? known ?? padded;
}

function matches(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern, "u").test(text);
  } catch {
    return false;
  }
}

function numberFor({
  minimum,
  maximum,
  exclusiveMinimum,
  exclusiveMaximum,
  multipleOf = 1,
}: Schema & { kind: "number" | "integer" }): number {
  const from = minimum ?? (exclusiveMinimum === undefined ? undefined : exclusiveMinimum + multipleOf);
  const to = maximum ?? (exclusiveMaximum === undefined ? undefined : exclusiveMaximum - multipleOf);
  const start = from ?? Math.min(to ?? multipleOf, multipleOf);
  return Math.ceil(start / multipleOf) * multipleOf;
}
