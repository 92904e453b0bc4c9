import { isIp } from "./ip.js";

// RFC 3986. Each pattern goes through its text once: at every place the next character decides.
const query = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*$/;
const path = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*$/;
const userInfo = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:]|%[0-9A-Fa-f]{2})*$/;
const registeredName = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*$/;
const zone = /^(?:[A-Za-z0-9\-._~]|%[0-9A-Fa-f]{2})+$/;
const future = /^[vV][0-9A-Fa-f]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+$/;

/** Whether what is percent-encoded is UTF-8. */
function decodes(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function isLiteral(text: string): boolean {
  if (future.test(text)) return true;
  const percent = text.indexOf("%25");
  if (percent < 0) return !text.includes("%") && isIp(text, 6);
  const name = text.slice(percent + 3);
  return isIp(text.slice(0, percent), 6) && zone.test(name) && decodes(name);
}

function isAuthority(text: string): boolean {
  const at = text.indexOf("@");
  if (at >= 0 && !userInfo.test(text.slice(0, at))) return false;
  const rest = text.slice(at + 1);
  if (rest.startsWith("[")) {
    const end = rest.indexOf("]");
    return end > 0 && isLiteral(rest.slice(1, end)) && /^(?::[0-9]*)?$/.test(rest.slice(end + 1));
  }
  const colon = rest.indexOf(":");
  const host = colon < 0 ? rest : rest.slice(0, colon);
  return registeredName.test(host) && decodes(host) && (colon < 0 || /^[0-9]*$/.test(rest.slice(colon + 1)));
}

/** Everything but the scheme. */
function isRest(text: string, mayHaveColon: boolean): boolean {
  const hash = text.indexOf("#");
  if (hash >= 0 && !query.test(text.slice(hash + 1))) return false;
  const before = hash < 0 ? text : text.slice(0, hash);
  const mark = before.indexOf("?");
  if (mark >= 0 && !query.test(before.slice(mark + 1))) return false;
  const hier = mark < 0 ? before : before.slice(0, mark);
  if (hier.startsWith("//")) {
    const slash = hier.indexOf("/", 2);
    const authority = slash < 0 ? hier.slice(2) : hier.slice(2, slash);
    return isAuthority(authority) && path.test(slash < 0 ? "" : hier.slice(slash));
  }
  if (!mayHaveColon && /^[^/]*:/.test(hier)) return false;
  return path.test(hier);
}

/** A URI with a scheme, `https://acme.example/a?b#c`. */
export function isUri(text: string): boolean {
  const scheme = /^[A-Za-z][A-Za-z0-9+\-.]*:/.exec(text);
  return scheme !== null && isRest(text.slice(scheme[0].length), true);
}

/** A URI, or a reference relative to one, `./a?b#c`. */
export function isUriRef(text: string): boolean {
  return isUri(text) || isRest(text, false);
}
