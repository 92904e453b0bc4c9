import type { JsonValue } from "../../model/index.js";
import { concat, escapeHtml, markup, nothing, type Html } from "./html.js";

/** A JSON value while it is put together; has no prototype, so every key stays data. */
export function jsonObject(entries: Iterable<readonly [string, JsonValue]>): JsonValue {
  const object: { [key: string]: JsonValue } = Object.create(null);
  for (const [key, value] of entries) object[key] = value;
  return object;
}

/** JSON with two spaces of indentation and its parts marked for colours. */
export function highlightJson(value: JsonValue, indent = ""): Html {
  if (value === null || typeof value === "boolean") return markup`<span class="jk">${escapeHtml(String(value))}</span>`;
  if (typeof value === "number") return markup`<span class="jn">${escapeHtml(JSON.stringify(value))}</span>`;
  if (typeof value === "string") return markup`<span class="js">${escapeHtml(JSON.stringify(value))}</span>`;
  const inner = `${indent}  `;
  const items = isArray(value)
    ? value.map((item) => highlightJson(item, inner))
    : Object.entries(value).map(
        ([key, item]) =>
          markup`<span class="jp">${escapeHtml(JSON.stringify(key))}</span>: ${highlightJson(item, inner)}`,
      );
  const [open, close] = isArray(value) ? ["[", "]"] : ["{", "}"];
  if (items.length === 0) return escapeHtml(open + close);
  const lines = concat(
    items.map((item, at) => markup`${escapeHtml(inner)}${item}${at < items.length - 1 ? escapeHtml(",") : nothing}\n`),
  );
  return markup`${escapeHtml(open)}\n${lines}${escapeHtml(indent + close)}`;
}

function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
