import { nearest } from "../../diagnostics/index.js";
import type { JsonNode, Origin } from "../../model/index.js";
import { stringOf } from "../../model/index.js";
import { keepsRule, ruleOf, wantedBy } from "../../runtime/policy/index.js";
import type { Context } from "./context.js";
import { parseDuration } from "../../model/index.js";
import { child, children, type Place } from "./place.js";

/** What counts of consumers may be is what counts of methods may be. */
const countRule = ruleOf("limit.concurrency");

/** Reads the fields of one policy object; what is wrong with a field is reported and the field is undefined. */
export interface FieldReader {
  count(key: string): number | undefined;
  /** A number of bytes or messages: larger than counts may be. */
  amount(key: string): number | undefined;
  duration(key: string): number | undefined;
  durations(key: string): readonly number[] | undefined;
  flag(key: string): boolean | undefined;
  text(key: string): string | undefined;
  oneOf<T extends string>(key: string, values: readonly T[]): T | undefined;
  /** The fields of an object inside; undefined when there is none. */
  object(key: string, known: readonly string[]): FieldReader | undefined;
  place(key: string): Place | undefined;
  readonly origin: Origin;
}

/**
 * Opens an object of ours: unknown keys are reported with the nearest known one.
 *
 * @param name What the object is called in messages, `x-retry`.
 * @param tolerated Keys that another specification gives the object; they are reported as having no effect.
 */
export function openFields(
  context: Context,
  place: Place,
  name: string,
  known: readonly string[],
  tolerated: readonly string[] = [],
): FieldReader | undefined {
  if (place.node.kind !== "object") {
    wrong(context, place.node, name, "an object");
    return undefined;
  }
  for (const { key, origin } of place.node.entries) {
    if (known.includes(key) || key.startsWith("x-")) continue;
    if (tolerated.includes(key)) {
      context.warn("E3022", origin, { key: `${name}.${key}`, reason: "wirespan does not read it", nearest: undefined });
      continue;
    }
    context.fault("E3020", origin, { key, object: name, nearest: nearest(key, known), known });
  }

  function read<T>(key: string, expected: string, take: (node: JsonNode) => T | undefined): T | undefined {
    const found = context.field(place, key);
    if (found === undefined) return undefined;
    const value = take(found.node);
    if (value === undefined) wrong(context, found.node, `${name}.${key}`, expected);
    return value;
  }

  const expectedDuration = "an ISO 8601 duration above zero like PT30S";
  return {
    origin: place.node.origin,
    count: (key) => read(key, wantedBy(countRule), countOf),
    amount: (key) => read(key, "a whole number above zero", amountOf),
    duration: (key) => read(key, expectedDuration, durationOf),
    durations(key) {
      const list = context.field(place, key);
      if (list === undefined) return undefined;
      if (list.node.kind !== "array") return wrong(context, list.node, `${name}.${key}`, "a list of durations");
      return children(list).flatMap((item) => {
        const value = durationOf(item.node);
        if (value === undefined) wrong(context, item.node, `${name}.${key}`, expectedDuration);
        return value === undefined ? [] : [value];
      });
    },
    flag: (key) =>
      read(key, "true or false", (node) =>
        node.kind === "scalar" && typeof node.value === "boolean" ? node.value : undefined,
      ),
    text: (key) => read(key, "a text that is not empty", (node) => stringOf(node)?.trim() || undefined),
    oneOf: (key, values) =>
      read(key, `one of ${values.join(", ")}`, (node) => values.find((value) => value === stringOf(node))),
    object(key, keys) {
      const inner = context.field(place, key);
      return inner === undefined ? undefined : openFields(context, inner, `${name}.${key}`, keys);
    },
    place: (key) => child(place, key),
  };
}

/** Reports a value that is not what it should be. */
export function wrong(context: Context, node: JsonNode, key: string, expected: string): undefined {
  context.fault("E3021", node.origin, { key, found: show(node), expected });
}

/** A duration above zero. */
export function durationOf(node: JsonNode): number | undefined {
  const ms = parseDuration(stringOf(node) ?? "");
  return ms === 0 ? undefined : ms;
}

function countOf(node: JsonNode): number | undefined {
  if (node.kind !== "scalar" || typeof node.value !== "number") return undefined;
  return keepsRule(countRule, node.value) ? node.value : undefined;
}

function amountOf(node: JsonNode): number | undefined {
  if (node.kind !== "scalar" || typeof node.value !== "number") return undefined;
  return Number.isSafeInteger(node.value) && node.value > 0 ? node.value : undefined;
}

function show(node: JsonNode): string {
  if (node.kind !== "scalar") return node.kind === "array" ? "a list" : "an object";
  const text = JSON.stringify(node.value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
