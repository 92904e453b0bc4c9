import type { Data, DataObject } from "../shared/json-schema.js";

/** Prints plain data as YAML in block style: the same bytes for the same data, two spaces a level. */
export function printYaml(data: DataObject): string {
  return printObject(data, 0) + "\n";
}

function printObject(data: DataObject, indent: number): string {
  const pad = " ".repeat(indent);
  return Object.entries(data)
    .filter((entry): entry is [string, Data] => entry[1] !== undefined)
    .map(([key, value]) => `${pad}${printString(key)}:${printValue(value, indent + 2)}`)
    .join("\n");
}

/** What follows a colon, with the space or line break before it. */
function printValue(value: Data, indent: number): string {
  if (isList(value)) return value.length === 0 ? " []" : `\n${printList(value, indent)}`;
  if (isObject(value)) return isEmpty(value) ? " {}" : `\n${printObject(value, indent)}`;
  return ` ${printScalar(value, indent)}`;
}

function printList(list: readonly Data[], indent: number): string {
  const pad = " ".repeat(indent);
  return list
    .map((item) => {
      if (isList(item)) return item.length === 0 ? `${pad}- []` : `${pad}- ${printList(item, indent + 2).trimStart()}`;
      if (!isObject(item)) return `${pad}- ${printScalar(item, indent + 2)}`;
      return isEmpty(item) ? `${pad}- {}` : `${pad}- ${printObject(item, indent + 2).trimStart()}`;
    })
    .join("\n");
}

function printScalar(value: null | boolean | number | string, indent: number): string {
  if (typeof value !== "string") return String(value);
  if (isBlock(value)) {
    const pad = " ".repeat(indent);
    return `|-\n${value.replace(/^(?=.)/gm, pad)}`;
  }
  return printString(value);
}

/** Texts of several lines stand as they are, unless white space at an edge or a control character would be lost. */
function isBlock(text: string): boolean {
  return (
    text.includes("\n") &&
    !/^\s|\s$|[ \t]\n|[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\t]/.test(text) &&
    !hasLoneSurrogate(text)
  );
}

/** Words that some reader of YAML takes for something else than text. */
const reserved = /^(?:null|true|false|yes|no|on|off|y|n|~|\.nan|[-+]?\.inf)$/i;
const plain = /^[A-Za-z_/$(][\x20-\x7e]*$/;
const special = /: | #|[: ]$/;

function printString(text: string): string {
  if (plain.test(text) && !special.test(text) && !reserved.test(text)) return text;
  const escaped = JSON.stringify(text).replace(
    /[\x7f-\x9f\u2028\u2029\ufeff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  const hasEscapes = escaped.slice(1, -1).replace(/\\"/g, "").includes("\\");
  // single quotes where they save escapes, as prettier prefers
  if (text.includes('"') && !text.includes("'") && !hasEscapes) return `'${text}'`;
  return escaped;
}

function hasLoneSurrogate(text: string): boolean {
  return /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text);
}

function isList(value: Data): value is readonly Data[] {
  return Array.isArray(value);
}

function isObject(value: Data): value is DataObject {
  return typeof value === "object" && value !== null && !isList(value);
}

function isEmpty(value: DataObject): boolean {
  return Object.values(value).every((item) => item === undefined);
}
