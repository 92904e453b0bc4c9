import { diagnostic } from "../../diagnostics/index.js";
import type { Field, FieldSyntax, Message, MessageSyntax, Origin } from "../../model/index.js";
import type { LinkContext } from "./context.js";
import type { Features } from "./features.js";
import { jsonName } from "./names.js";
import { createRangeIndex, reportOverlaps } from "./ranges.js";

const maxNumber = 536_870_911;
const maxFields2026 = 1500;

/** What protoc refuses inside of one message. */
export function checkMessage(
  { report, compiled }: LinkContext,
  node: MessageSyntax,
  message: Message,
  features: Features,
  syntax: "proto2" | "proto3" | "editions",
): void {
  checkNumbers();
  checkRanges();
  checkReservedNames();
  for (const [i, oneof] of node.oneofs.entries()) {
    if (message.oneofs[i]?.fields.length === 0) {
      report(diagnostic("E2018", oneof.origin, { name: oneof.name }));
    }
  }
  if (message.options.get("deprecated_legacy_json_field_conflicts") !== true) {
    checkJsonNames(features.json === "LEGACY_BEST_EFFORT");
  }
  checkMapEntries();
  checkMapEntryOption();
  if (!compiled) checkStrictVisibility();
  if (!compiled && features.limits === "PROTO_LIMITS2026" && node.fields.length > maxFields2026) {
    const params = { what: `the fields of ${node.name}`, count: node.fields.length, limit: maxFields2026 };
    report(diagnostic("E2048", node.origin, params));
  }
  if (message.messageSet) checkMessageSet();

  function checkNumbers(): void {
    const byNumber = new Map<number, FieldSyntax>();
    const findReserved = createRangeIndex(node.reserved);
    const findExtensible = createRangeIndex(node.extensionRanges);
    const nextFree = createNextFree(node);
    for (const field of node.fields) {
      const { number, numberOrigin, name } = field;
      const problem = numberProblem(number, maxNumber);
      if (problem !== undefined) {
        report(diagnostic("E2011", numberOrigin, { number, problem }));
        continue;
      }
      const first = byNumber.get(number);
      if (first === undefined) {
        byNumber.set(number, field);
      } else {
        const free = nextFree(number);
        const related = [{ message: `${first.name} has it`, origin: first.numberOrigin }];
        report(diagnostic("E2010", numberOrigin, { number, name, other: first.name, free }, related));
      }
      const reserved = findReserved(number);
      if (reserved !== undefined) {
        const related = [{ message: "reserved here", origin: reserved.origin }];
        report(diagnostic("E2012", numberOrigin, { what: `the number ${number}`, free: nextFree(number) }, related));
      }
      const extensible = findExtensible(number);
      if (extensible !== undefined) {
        const related = [{ message: "the extension range", origin: extensible.origin }];
        report(
          diagnostic("E2013", numberOrigin, { problem: `the number ${number} lies in an extension range` }, related),
        );
      }
    }
  }

  function checkRanges(): void {
    const max = message.messageSet ? 2_147_483_646 : maxNumber;
    const all = [...node.reserved, ...node.extensionRanges].filter((range) => {
      const problem =
        range.start > range.end
          ? "its end lies before its start"
          : range.start < 1
            ? "numbers begin with 1"
            : range.end > max
              ? `the highest number is ${max}`
              : undefined;
      if (problem !== undefined) report(diagnostic("E2013", range.origin, { problem: `bad range: ${problem}` }));
      return problem === undefined;
    });
    reportOverlaps(all, (range, other) => {
      const related = [{ message: "the other one", origin: other.origin }];
      report(diagnostic("E2013", range.origin, { problem: "this range overlaps another" }, related));
    });
  }

  function checkReservedNames(): void {
    const seen = new Map<string, Origin>();
    for (const { name, origin } of node.reservedNames) {
      const first = seen.get(name);
      if (first === undefined) seen.set(name, origin);
      else {
        const related = [{ message: "reserved here before", origin: first }];
        report(diagnostic("E2013", origin, { problem: `the name ${JSON.stringify(name)} is reserved twice` }, related));
      }
    }
    for (const field of node.fields) {
      const reserved = seen.get(field.name);
      if (reserved === undefined) continue;
      const related = [{ message: "reserved here", origin: reserved }];
      report(diagnostic("E2012", field.origin, { what: `the name ${field.name}`, free: undefined }, related));
    }
  }

  /** Once for the names that come by themselves, once with `json_name`, as protoc does. */
  function checkJsonNames(legacy: boolean): void {
    for (const useCustom of [false, true]) {
      const seen = new Map<string, Field>();
      for (const field of message.fields) {
        const name = useCustom ? field.jsonName : jsonName(field.name);
        const other = seen.get(name);
        if (other === undefined) {
          seen.set(name, field);
          continue;
        }
        if (other.name === field.name) continue;
        const related = [{ message: `${other.name} has it`, origin: other.origin }];
        const params = { name: field.name, other: other.name, json: name };
        const custom = isCustom(field) || isCustom(other);
        const bothCustom = useCustom && isCustom(field) && isCustom(other);
        if (useCustom && !custom) continue;
        if (!legacy || bothCustom) report(diagnostic("E2014", field.origin, params, related));
        // in proto2 it was long allowed
        else report(diagnostic("E2046", field.origin, params, related));
      }
    }
  }

  function checkMapEntryOption(): void {
    const option = node.options.find(({ name }) => name[0] === "map_entry");
    if (option === undefined) return;
    report(diagnostic("E2041", option.origin, { name: "map_entry", problem: "only map<K, V> makes map entries" }));
  }

  /** Nothing nested is exported, but for enums in a local message that is there for its name alone. */
  function checkStrictVisibility(): void {
    if (features.visibility !== "STRICT") return;
    const isScope = message.parent === undefined && node.visibility !== "export" && node.fields.length === 0;
    for (const inner of [...node.messages, ...(isScope && reservesAll(node) ? [] : node.enums)]) {
      if (inner.visibility !== "export") continue;
      report(diagnostic("E2027", inner.origin, { name: inner.name, problem: "it is nested" }));
    }
  }

  /** A map field brings a message of its own, `FooEntry`, which nothing else may be called. */
  function checkMapEntries(): void {
    const taken = new Map<string, Origin>();
    for (const { name, origin } of [...node.messages, ...node.enums, ...node.fields, ...node.oneofs]) {
      taken.set(name, origin);
    }
    for (const field of node.fields) {
      if (field.mapKey === undefined) continue;
      const camel = jsonName(field.name);
      const entry = `${camel.slice(0, 1).toUpperCase()}${camel.slice(1)}Entry`;
      const other = taken.get(entry);
      if (other === undefined) {
        taken.set(entry, field.origin);
      } else {
        const related = [{ message: "taken here", origin: other }];
        report(diagnostic("E2024", field.origin, { name: field.name, entry }, related));
      }
    }
  }

  function checkMessageSet(): void {
    const problem =
      syntax === "proto3"
        ? "proto3 has no message sets"
        : node.fields.length > 0
          ? "a message set has extensions only, no fields"
          : node.extensionRanges.length === 0
            ? "a message set needs an extension range"
            : undefined;
    if (problem !== undefined) report(diagnostic("E2041", node.origin, { name: "message_set_wire_format", problem }));
  }
}

function reservesAll({ reserved }: MessageSyntax): boolean {
  return reserved.some(({ start, end }) => start === 1 && end === maxNumber);
}

function isCustom(field: Field): boolean {
  return field.jsonName !== jsonName(field.name);
}

/** Why a field cannot have that number. */
export function numberProblem(number: number, max: number): string | undefined {
  if (number < 1) return "numbers begin with 1";
  if (number > max) return `the highest number is ${max}`;
  if (number >= 19_000 && number <= 19_999) return "19000 to 19999 belong to protobuf itself";
  return undefined;
}

/** Finds a number above one that nothing uses or reserves. */
function createNextFree(node: MessageSyntax): (from: number) => number | undefined {
  const used = new Set(node.fields.map((field) => field.number));
  const find = createRangeIndex([...node.reserved, ...node.extensionRanges]);
  // every duplicate asks, and mostly for numbers close to each other
  let known: { from: number; free: number } | undefined;
  return (from) => {
    let free = from + 1;
    if (known !== undefined && from >= known.from && from < known.free) free = known.free;
    for (;;) {
      const range = find(free);
      if (range !== undefined) free = range.end + 1;
      else if (used.has(free)) free++;
      else if (free >= 19_000 && free <= 19_999) free = 20_000;
      else break;
    }
    known = { from, free };
    return free <= maxNumber ? free : undefined;
  };
}
