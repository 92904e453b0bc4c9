import { isIp } from "./ip.js";

const label = /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?$/;

/** A host name of labels of letters, digits and hyphens, the last of which is no number; it may end in a dot. */
export function isHostname(text: string): boolean {
  if (text.length > 253) return false;
  const labels = (text.endsWith(".") ? text.slice(0, -1) : text).split(".");
  return labels.every((part) => part.length <= 63 && label.test(part)) && !/^[0-9]+$/.test(labels.at(-1) ?? "");
}

function isPort(text: string): boolean {
  return /^(?:0|[1-9][0-9]{0,4})$/.test(text) && Number(text) <= 65_535;
}

/** A host name or address with a port: `db.internal:5432`, `[::1]:80`. */
export function isHostAndPort(text: string, portRequired: boolean): boolean {
  const colon = text.lastIndexOf(":");
  if (text.startsWith("[")) {
    const end = text.lastIndexOf("]");
    if (end < 0 || !isIp(text.slice(1, end), 6)) return false;
    if (end === text.length - 1) return !portRequired;
    return end + 1 === colon && isPort(text.slice(colon + 1));
  }
  const host = colon < 0 ? text : text.slice(0, colon);
  if (!isHostname(host) && !isIp(host, 4)) return false;
  return colon < 0 ? !portRequired : isPort(text.slice(colon + 1));
}

const localPart = /^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+$/;

/** An address as HTML's `input type=email` takes it. */
export function isEmail(text: string): boolean {
  const at = text.indexOf("@");
  if (at < 1 || !localPart.test(text.slice(0, at))) return false;
  return text
    .slice(at + 1)
    .split(".")
    .every((part) => part.length <= 63 && label.test(part));
}

/** `acme.v1.User`. */
export function isProtobufName(text: string): boolean {
  return text.split(".").every((part) => /^[A-Za-z_][A-Za-z_0-9]*$/.test(part));
}

/** `.acme.v1.User`. */
export function isDottedProtobufName(text: string): boolean {
  return text.startsWith(".") && isProtobufName(text.slice(1));
}

/** `123e4567-e89b-12d3-a456-426614174000`. */
export function isUuid(text: string): boolean {
  return /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/.test(text);
}

/** A UUID without hyphens. */
export function isTrimmedUuid(text: string): boolean {
  return /^[0-9a-fA-F]{32}$/.test(text);
}

/** `01ARZ3NDEKTSV4RRFFQ69G5FAV`. */
export function isUlid(text: string): boolean {
  return /^[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}$/.test(text);
}

/** The name of an HTTP header, or of a pseudo header; not `strict`: anything on one line. */
export function isHeaderName(text: string, strict: boolean): boolean {
  return strict ? /^:?[0-9a-zA-Z!#$%&'*+\-.^_|~`]+$/.test(text) : /^[^\0\n\r]+$/.test(text);
}

/** The value of an HTTP header; not `strict`: anything on one line. */
export function isHeaderValue(text: string, strict: boolean): boolean {
  return strict ? /^[^\0-\x08\n-\x1f\x7f]*$/.test(text) : /^[^\0\n\r]*$/.test(text);
}
