declare const safe: unique symbol;

/** Text that is safe inside of an HTML element or a quoted attribute. Only this file makes it from plain strings. */
export type Html = string & { readonly [safe]: true };

/** No content. */
export const nothing = "" as Html;

const escapes: ReadonlyMap<string, string> = new Map([
  ["&", "&amp;"],
  ["<", "&lt;"],
  [">", "&gt;"],
  ['"', "&quot;"],
  ["'", "&#39;"],
]);

/**
 * The one way from a contract's text into the page. Control characters, and the marks that turn the direction of the
 * text around them, become visible replacement characters.
 */
export function escapeHtml(text: string): Html {
  return text
    .replace(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]/g, "\ufffd")
    .replace(/[&<>"']/g, (char) => escapes.get(char) ?? "") as Html;
}

/**
 * HTML with safe parts put in: markup`<b>${escapeHtml(name)}</b>`. The compiler refuses plain strings. Not called `html`:
 * prettier would lay the text out and change its white space.
 */
export function markup(literals: TemplateStringsArray, ...values: readonly (Html | number)[]): Html {
  return String.raw({ raw: literals }, ...values) as Html;
}

/** Parts one after the other. */
export function concat(parts: readonly Html[], separator: Html = nothing): Html {
  return parts.join(separator) as Html;
}

/**
 * A value as the content of `<script type="application/json">`: what could end the element, or what old parsers take
 * for a line end, is written as an escape.
 */
export function jsonScript(value: unknown): Html {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  ) as Html;
}
