import { isIp, isUri, isUriRef } from "../validate/index.js";

/** Formats of strings that are checked; others are annotations. Each takes time linear in the text. */
export const stringFormats: Readonly<Record<string, (text: string) => boolean>> = {
  "date-time": isDateTime,
  date: isDate,
  time: isTime,
  email: (text) => !/[^ -~]/.test(text) && isEmail(text),
  // names beyond ASCII are not looked into
  "idn-email": (text) => isEmail(text.replace(/^"[^"\\]+"@/, "x@").replace(/[\u{80}-\u{10ffff}]/gu, "x")),
  uuid: (text) => /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text),
  uri: isUri,
  "uri-reference": isUriRef,
  "uri-template": isUriTemplate,
  iri: (text) => isUri(asciiOf(text)),
  "iri-reference": (text) => isUriRef(asciiOf(text)),
  "json-pointer": isPointer,
  "relative-json-pointer": (text) => {
    const rest = /^(?:0|[1-9]\d*)(?:#$)?/.exec(text)?.[0];
    return rest !== undefined && (rest.endsWith("#") || isPointer(text.slice(rest.length)));
  },
  regex: isRegex,
  hostname: isHostname,
  ipv4: (text) => isIp(text, 4),
  ipv6: (text) => !text.includes("%") && isIp(text, 6),
  byte: (text) => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text),
};

const monthDays = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (match === null) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 && !leap ? 28 : (monthDays[month - 1] ?? 0);
  return day >= 1 && day <= days;
}

function isTime(text: string): boolean {
  const match = /^(\d{2}):(\d{2}):(\d{2})(?:\.\d+)?(?:[zZ]|([+-])(\d{2}):(\d{2}))$/.exec(text);
  if (match === null) return false;
  const [hour, minute, second] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const [offsetHour, offsetMinute] = [Number(match[5] ?? 0), Number(match[6] ?? 0)];
  if (hour > 23 || minute > 59 || second > 60 || offsetHour > 23 || offsetMinute > 59) return false;
  if (second < 60) return true;
  // a leap second is the last of a day in UTC
  const offset = (offsetHour * 60 + offsetMinute) * (match[4] === "-" ? -1 : 1);
  return (hour * 60 + minute - offset + 2880) % 1440 === 1439;
}

function isDateTime(text: string): boolean {
  return text.length >= 20 && /[tT ]/.test(text[10] ?? "") && isDate(text.slice(0, 10)) && isTime(text.slice(11));
}

function isEmail(text: string): boolean {
  const at = text.lastIndexOf("@");
  const local = text.slice(0, at);
  if (at < 1 || local.length > 64 || text.length > 254) return false;
  return /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\u0080-\uffff-]+$/.test(local) && !/^\.|\.\.|\.$/.test(local)
    ? isHostname(text.slice(at + 1))
    : false;
}

/** `ab--cd` is kept for encodings, of which `xn--` is the one there is. */
function isPlain(label: string): boolean {
  return label.slice(2, 4) !== "--" || /^xn--/i.test(label);
}

function isHostname(text: string): boolean {
  return (
    text.length <= 253 &&
    text
      .split(".")
      .every((label) => label.length <= 63 && /^[A-Za-z0-9-]+$/.test(label) && !/^-|-$/.test(label) && isPlain(label))
  );
}

/** What is beyond ASCII in an IRI, percent-encoded; what may not stand there stays as it is, and is then refused. */
function asciiOf(text: string): string {
  return text.replace(/[\u{a0}-\u{d7ff}\u{e000}-\u{fdcf}\u{fdf0}-\u{ffef}\u{10000}-\u{10fffd}]/gu, encodeURIComponent);
}

function isPointer(text: string): boolean {
  return text === "" || (text.startsWith("/") && !/~(?![01])/.test(text));
}

function isRegex(text: string): boolean {
  try {
    return text.length <= 10_000 && new RegExp(text, "u").unicode;
  } catch {
    return false;
  }
}

// RFC 6570
const literals = /^(?:[^\0-\u0020"%<>\\^`{|}\u007f-\u009f]|%[0-9A-Fa-f]{2})*$/;
function isUriTemplate(text: string): boolean {
  // the odd ones stand between braces
  return text.split("{").every((part, i) => {
    if (i === 0) return literals.test(part);
    const end = part.indexOf("}");
    return end >= 0 && isExpression(part.slice(0, end)) && literals.test(part.slice(end + 1));
  });
}

function isExpression(text: string): boolean {
  const list = /^[+#./;?&]/.test(text) ? text.slice(1) : text;
  return list.split(",").every((variable) => variableOf.test(variable));
}

const variableOf = /^(?:\w|%[0-9A-Fa-f]{2})+(?:\.(?:\w|%[0-9A-Fa-f]{2})+)*(?::[1-9]\d{0,3}|\*)?$/;
