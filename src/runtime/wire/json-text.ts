import { unwritable, WireError } from "./error.js";
import { allInherit, integerOf, type JsonKey, type JsonSlot, openJson, pathOf } from "./json-input.js";
import { isWellFormed } from "./text.js";
import type { JsonInput, JsonOptions, JsonText, JsonValue } from "./types.js";

type Parse<T> = (v: JsonSlot, c: JsonInput, k: JsonKey) => T;

/**
 * Reads JSON text. What `JSON.parse` does without a word is not done here: of two members of one name it keeps the last,
 * where another reader of the same text may keep the first, and integers beyond 2^53 it rounds. Neither is looked for
 * in the text before there is a sign of it: members that were lost show in their count, and of a number beyond 2^53 no
 * 64-bit integer is made. What stands behind the sixteenth digit of a smaller number is lost, as in every JSON.parse.
 *
 * @throws {WireError} when it is no JSON, when an object has two members of one name, and whatever `parse` throws.
 */
export function readText<T>(text: string, options: JsonOptions | undefined, parse: Parse<T>): T {
  if (typeof text !== "string") throw unwritable("JSON text", text);
  const value = parseText(text);
  const plain = !allInherit();
  const known: JsonText = { wellFormed: isWellFormed(text) && !text.includes("\\u"), plain, members: 0 };
  let result: T;
  try {
    result = parse(value, openJson(options, known), undefined);
  } catch (error) {
    const exact = readAgain(text, value);
    if (exact === undefined) throw error;
    return parse(exact, openJson(options, known), undefined);
  }
  const written = countWritten(text);
  // members of what was passed over, and what nobody but JSON.parse looked at, were not counted yet
  if (known.members !== written && !(plain && countMembers(value) === written)) readAgain(text, value);
  return result;
}

function parseText(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new WireError("invalid_json", "the text is not JSON", "", error);
  }
}

// texts have one of many hidden classes: engines look a method of theirs up anew each time
const codeAt = String.prototype.charCodeAt;
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
    const before = codeAt.call(text, at - 1);
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
const numberAt = /-?[0-9][-+.0-9eE]*/y;

/** An object or an array that the text is in the middle of. */
interface Level {
  /** What JSON.parse made of it, or of a later member of the same name. */
  readonly container: JsonSlot;
  /** The names of an object so far. */
  readonly names: Set<string> | undefined;
  key: string | number;
}

/** The member that a level is at; what is inherited, from the prototype of all objects or by `__proto__`, is none. */
function memberOf({ container, key }: Level): JsonSlot {
  if (typeof container !== "object" || container === null || !Object.hasOwn(container, key)) return undefined;
  return Array.isArray(container) ? container[Number(key)] : container[key];
}

/**
 * Goes through a text for what got lost in its value, and puts bigints there in place of the integers that numbers do
 * not hold exactly; undefined when there were none.
 *
 * @throws {WireError} for the first name that an object has twice.
 */
function readAgain(text: string, root: JsonValue): JsonSlot {
  let exact: JsonSlot;
  const levels: Level[] = [];
  for (let i = 0; i < text.length; i++) {
    const level = levels.at(-1);
    const character = text[i]!;
    switch (character) {
      case "{":
      case "[": {
        const isObject = character === "{";
        const container = level === undefined ? root : memberOf(level);
        levels.push({ container, names: isObject ? new Set() : undefined, key: isObject ? "" : 0 });
        break;
      }
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
          level.key = String(JSON.parse(text.slice(i, end + 1)));
          if (level.names.has(level.key)) {
            const path = pathOf({ path: levels.map(({ key }) => key) }, undefined);
            throw new WireError("invalid_value", "the object has two members of this name", path);
          }
          level.names.add(level.key);
        }
        i = end;
        break;
      }
      default: {
        numberAt.lastIndex = i;
        const number = numberAt.exec(text)?.[0];
        if (number === undefined) break;
        i += number.length - 1;
        const integer = Math.abs(Number(number)) > Number.MAX_SAFE_INTEGER ? integerOf(number) : undefined;
        if (integer === undefined) break;
        if (level === undefined) return integer;
        if (memberOf(level) !== undefined)
          (level.container as { [key: string | number]: JsonSlot })[level.key] = integer;
        exact = root;
      }
    }
  }
  return exact;
}
