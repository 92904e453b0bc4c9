import { WireError } from "./error.js";
import { allInherit, pathOf } from "./json-input.js";
import type { JsonValue } from "./types.js";

/**
 * JSON text → value. @throws {WireError} when it is no JSON, and when an object has two members of one name: of those
 * `JSON.parse` keeps the last without a word, and another reader of the same text may keep the first.
 */
export function parseText(text: string): JsonValue {
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new WireError("invalid_json", "the text is not JSON", "", error);
  }
  // what was lost shows in the count; only when they differ is it worth looking for names
  if (typeof value === "object" && (allInherit() || countWritten(text) !== countMembers(value))) refuseDuplicates(text);
  return value;
}

const quote = 34;
const space = 32;
const backslash = 92;

/**
 * Members that a JSON text has at most: colons behind a quote, which may also stand in strings. NaN when white space
 * stands before a colon, where they do not show.
 */
function countWritten(text: string): number {
  let count = 0;
  for (let at = text.indexOf(":"); at >= 0; at = text.indexOf(":", at + 1)) {
    const before = text.charCodeAt(at - 1);
    if (before === quote) count++;
    else if (before <= space) return Number.NaN;
  }
  return count;
}

/** The closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (text.charCodeAt(end - 1) === backslash) {
    let first = end - 1;
    while (text.charCodeAt(first - 1) === backslash) first--;
    // pairs of backslashes stand for themselves
    if ((end - first) % 2 === 0) break;
    end = text.indexOf('"', end + 1);
  }
  return end;
}

/** Members that a value has at all levels, of which there may be more than a stack has room for. */
function countMembers(root: JsonValue): number {
  let count = 0;
  const waiting: JsonValue[] = [root];
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (Array.isArray(value)) {
      for (const item of value) if (typeof item === "object" && item !== null) waiting.push(item);
    } else if (typeof value === "object" && value !== null) {
      // no names are inherited: what JSON.parse makes has the prototype of all objects
      for (const name in value) {
        count++;
        const item = value[name];
        if (typeof item === "object" && item !== null) waiting.push(item);
      }
    }
  }
  return count;
}

const nameEnd = /[ \n\r\t]*:/y;

/** @throws {WireError} for the first name that an object of this JSON text has twice. */
function refuseDuplicates(text: string): void {
  const levels: { readonly names: Set<string> | undefined; key: string | number }[] = [];
  for (let i = 0; i < text.length; i++) {
    const level = levels.at(-1);
    switch (text[i]) {
      case "{":
        levels.push({ names: new Set(), key: "" });
        break;
      case "[":
        levels.push({ names: undefined, key: 0 });
        break;
      case "}":
      case "]":
        levels.pop();
        break;
      case ",":
        if (typeof level?.key === "number") level.key++;
        break;
      case '"': {
        const end = endOfString(text, i);
        nameEnd.lastIndex = end + 1;
        if (level?.names !== undefined && nameEnd.test(text)) {
          const name: unknown = JSON.parse(text.slice(i, end + 1));
          level.key = String(name);
          if (level.names.has(level.key)) {
            const path = pathOf({ path: levels.map(({ key }) => key) }, undefined);
            throw new WireError("invalid_value", "the object has two members of this name", path);
          }
          level.names.add(level.key);
        }
        i = end;
      }
    }
  }
}
