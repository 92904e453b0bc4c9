import { QueueError } from "../queue/errors.js";
import { isRecord, setOwn } from "../queue/json.js";
import type { JsonValue } from "../wire/index.js";
import type { FieldKind, Fields } from "./types.js";

/** Values by name as texts, several where a name comes several times: what a query or headers are made of. */
export type FieldTexts = readonly (readonly [name: string, text: string])[];

/** The texts of typed fields. @throws {QueueError} `invalid`. */
export function writeFields<T, Init>({ type, kinds }: Fields<T, Init>, values: Init): FieldTexts {
  const json = type.toJson(values);
  const texts: (readonly [string, string])[] = [];
  for (const [name, value] of Object.entries(isRecord(json) ? json : {})) {
    if (isList(kinds[name]) && Array.isArray(value)) {
      for (const item of value as readonly JsonValue[]) texts.push([name, textOf(item)]);
    } else if (value !== undefined && value !== null) texts.push([name, textOf(value as JsonValue)]);
  }
  return texts;
}

/** Typed fields from texts; names that are not in the contract are nobody's. @throws {QueueError} `invalid`. */
export function readFields<T, Init>({ type, kinds }: Fields<T, Init>, all: (name: string) => readonly string[]): T {
  const json: Record<string, unknown> = {};
  for (const [name, kind] of Object.entries(kinds)) {
    const texts = all(name);
    const [first] = texts;
    if (first === undefined) continue;
    if (!isList(kind) && texts.length > 1) {
      throw new QueueError("invalid", `${type.typeName}: ${name} is given ${texts.length} times`);
    }
    setOwn(json, name, isList(kind) ? texts.map((text) => valueOf(kind, text)) : valueOf(kind, first));
  }
  return type.fromJson(json as JsonValue);
}

function isList(kind: FieldKind | undefined): boolean {
  return kind === "list" || kind === "numbers";
}

/** What is no number or flag stays a text, which the check of the schema then refuses. */
function valueOf(kind: FieldKind, text: string): unknown {
  switch (kind) {
    case "boolean":
      return text === "true" ? true : text === "false" ? false : text;
    case "number":
    case "numbers":
      return /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? Number(text) : text;
    case "json":
      try {
        return JSON.parse(text) as unknown;
      } catch {
        return text;
      }
    case "string":
    case "list":
      return text;
  }
}

function textOf(value: JsonValue): string {
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}
