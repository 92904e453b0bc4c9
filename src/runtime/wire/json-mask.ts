import { checkBlank, WireError } from "./error.js";
import { checkLevel, jsonError, type JsonKey, type JsonSlot, parseString, wrongType } from "./json-input.js";
import { hasItems } from "./maps.js";
import { checkText } from "./text.js";
import type { JsonInput } from "./types.js";

// FieldMask in ProtoJSON: one string of lowerCamel paths.

/** @throws {WireError} for a path that would not come back as it is. */
export function fieldMaskText(m: { readonly paths?: readonly string[] | undefined }): string {
  if (m.paths === undefined) checkBlank(m, "a FieldMask");
  const paths = (hasItems(m.paths) ? m.paths : []).map((path) => {
    // an underscore must be followed by a small letter, and there must be no capital: else the way back differs
    if (checkText(path) === "" || /[A-Z,]|_(?![a-z])/.test(path)) {
      throw new WireError("invalid_value", "a FieldMask path is empty or not in lower_snake_case");
    }
    return path.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  });
  return paths.join(",");
}

/** Reads lowerCamel paths, parted by commas. */
export function parseFieldMask(v: JsonSlot, c: JsonInput, k: JsonKey): { paths: string[] } {
  if (typeof v !== "string") throw wrongType(c, k, "a string of field paths", v);
  checkLevel(c, k);
  if (v === "") return { paths: [] };
  const paths = parseString(v, c, k)
    .split(",")
    .map((path) => {
      if (path === "") throw jsonError(c, k, "a field path is empty");
      if (path.includes("_")) throw jsonError(c, k, "a field path is not in lowerCamelCase");
      return path.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    });
  return { paths };
}
