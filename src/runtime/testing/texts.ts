import type { Random } from "../context/index.js";
import { avoiding, between, pick } from "./numbers.js";
import type { OptionObject } from "./options.js";

const names = ["Ada Lovelace", "Grace Hopper", "Alan Turing", "Edsger Dijkstra", "Barbara Liskov", "Donald Knuth"];
const words = ["amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "harbor", "iris", "juniper", "kelp"];
const places = ["DE", "FR", "JP", "KE", "BR", "NZ"];

type Make = (random: Random) => string;

/** What strings of such names hold; the first that fits counts. */
const byName: readonly (readonly [RegExp, Make])[] = [
  [/(^|_)e?mail(_address)?$/, email],
  [/(^|_)(url|uri|link|href)$/, uri],
  [/(^|_)phone(_number)?$/, (random) => `+44 20 7946 ${digits(random, 4)}`],
  [/(^|_)(uid|uuid|guid)$/, uuid],
  [/(^|_)(id|key)$/, (random) => String(between(random, 1, 9_999))],
  [/(^|_)(display_|full_|user_?)?name$/, (random) => pick(random, names) ?? ""],
  [/(^|_)(title|subject)$/, (random) => phrase(random, 3)],
  [/(^|_)(description|text|body|message|comment|note)$/, (random) => phrase(random, 6)],
  [/(^|_)(currency|currency_code)$/, (random) => pick(random, ["EUR", "USD", "JPY", "KES"]) ?? ""],
  [/(^|_)(country|region)(_code)?$/, (random) => pick(random, places) ?? ""],
  [/(^|_)(language|locale)(_code)?$/, (random) => pick(random, ["de", "en", "fr", "ja"]) ?? ""],
  [/(^|_)(page_token|next_page_token|etag|token)$/, (random) => hex(random, 16)],
];

/** The formats of `buf.validate`. */
const byFormat: Readonly<Record<string, Make>> = {
  email,
  uuid,
  tuuid: (random) => hex(random, 32),
  ulid: (random) =>
    Array.from({ length: 26 }, (_, i) => (i === 0 ? "0" : pick(random, [..."0123456789ABCDEFGHJKMNPQRSTVWXYZ"]))).join(
      "",
    ),
  hostname,
  address: hostname,
  host_and_port: (random) => `${hostname(random)}:${between(random, 1_024, 65_535)}`,
  ip: ipv4,
  ipv4,
  ipv6,
  ipv4_prefix: (random) => `10.${between(random, 0, 255)}.0.0/16`,
  ipv6_prefix: (random) => `2001:db8:${hex(random, 4)}::/48`,
  ip_prefix: (random) => `10.${between(random, 0, 255)}.0.0/16`,
  ipv4_with_prefixlen: (random) => `${ipv4(random)}/24`,
  ipv6_with_prefixlen: (random) => `${ipv6(random)}/64`,
  ip_with_prefixlen: (random) => `${ipv4(random)}/24`,
  uri,
  uri_ref: (random) => `/${pick(random, words) ?? ""}/${between(random, 1, 99)}`,
  protobuf_fqn: (random) => `acme.v1.${capital(pick(random, words) ?? "")}`,
  protobuf_dot_fqn: (random) => `.acme.v1.${capital(pick(random, words) ?? "")}`,
};

/** A text that suits the name of its field, and the rules where they say more. Patterns are not looked at. */
export function textFor(random: Random, name: string, rules: OptionObject): string {
  const format = Object.keys(byFormat).find((key) => rules[key] === true);
  if (format !== undefined) return avoiding(rules, () => byFormat[format]?.(random) ?? "");
  if (typeof rules["well_known_regex"] === "string") return `x-${pick(random, words) ?? ""}`;
  const make = byName.find(([pattern]) => pattern.test(name))?.[1] ?? ((source: Random) => phrase(source, 1));
  return avoiding(rules, () => fitted(random, make(random), rules));
}

/** With the parts and of the length that the rules ask for, in characters and bytes. */
function fitted(random: Random, text: string, rules: OptionObject): string {
  const part = (key: string): string => (typeof rules[key] === "string" ? rules[key] : "");
  const least = largest(
    count(rules, "len") ?? count(rules, "len_bytes"),
    count(rules, "min_len"),
    count(rules, "min_bytes"),
  );
  const most = smallest(
    count(rules, "len") ?? count(rules, "len_bytes"),
    count(rules, "max_len"),
    count(rules, "max_bytes"),
  );
  const fixed = part("prefix") + part("contains") + part("suffix");
  const inBytes = ["len_bytes", "min_bytes", "max_bytes"].some((key) => rules[key] !== undefined);
  // the words here have one byte a character, parts of a contract may have more
  const taken = inBytes ? new TextEncoder().encode(fixed).length : [...fixed].length;
  let middle = text;
  const banned = part("not_contains");
  if (banned !== "") middle = middle.replaceAll(banned, "");
  while (taken + middle.length < least) middle += pick(random, words) ?? "x";
  const room = Math.max(0, most - taken);
  if (middle.length > room) middle = middle.slice(0, room);
  return `${part("prefix")}${middle}${part("contains")}${part("suffix")}`;
}

function largest(...all: readonly (number | undefined)[]): number {
  return Math.max(0, ...all.map((one) => one ?? 0));
}

function smallest(...all: readonly (number | undefined)[]): number {
  return Math.min(...all.map((one) => one ?? Number.POSITIVE_INFINITY));
}

/** A number of a rule, no larger than what anybody wants to see in a test. */
export function count(rules: OptionObject, key: string): number | undefined {
  const value = rules[key];
  if (typeof value !== "bigint" && typeof value !== "number") return undefined;
  return Math.min(Number(value), 10_000);
}

function phrase(random: Random, length: number): string {
  return Array.from({ length }, () => pick(random, words)).join(" ");
}

function email(random: Random): string {
  return `${pick(random, words) ?? ""}.${between(random, 1, 999)}@example.com`;
}

function uri(random: Random): string {
  return `https://example.com/${pick(random, words) ?? ""}/${between(random, 1, 999)}`;
}

function hostname(random: Random): string {
  return `${pick(random, words) ?? ""}.example.com`;
}

function ipv4(random: Random): string {
  return `192.0.2.${between(random, 1, 254)}`;
}

function ipv6(random: Random): string {
  return `2001:db8::${hex(random, 4).replace(/^0+(?=.)/, "")}`;
}

function uuid(random: Random): string {
  const text = hex(random, 32);
  const variant = pick(random, ["8", "9", "a", "b"]) ?? "8";
  return [
    text.slice(0, 8),
    text.slice(8, 12),
    `4${text.slice(13, 16)}`,
    variant + text.slice(17, 20),
    text.slice(20),
  ].join("-");
}

function hex(random: Random, length: number): string {
  return Array.from({ length }, () => between(random, 0, 15).toString(16)).join("");
}

function digits(random: Random, length: number): string {
  return Array.from({ length }, () => between(random, 0, 9)).join("");
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}
