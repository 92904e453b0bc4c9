import { QueueError } from "./errors.js";
import type { ChannelParameterInfo } from "./types.js";

const parameter = /\{([^{}]+)\}/g;

/** True when the address holds `{parameters}`. */
export function hasParameters(address: string): boolean {
  return address.includes("{") && /\{[^{}]+\}/.test(address);
}

/**
 * The address with values in place of its parameters. What separates words or has a meaning in some broker's patterns
 * (`. / * # + > %`, blanks) is percent-encoded, so that a value stays one word everywhere; {@link matchAddress}
 * decodes it.
 *
 * @throws {QueueError} when a value is missing, empty, or not one the contract lists.
 */
export function fillAddress(
  address: string,
  params: ReadonlyMap<string, unknown>,
  infos: readonly ChannelParameterInfo[] = [],
): string {
  return address.replace(parameter, (_, name: string) => {
    const info = infos.find((candidate) => candidate.name === name);
    const value = params.get(name) ?? info?.default;
    if (typeof value !== "string" || value === "") {
      throw new QueueError("usage", `address ${address}: no value for the parameter ${name}`);
    }
    if (info?.values !== undefined && !info.values.includes(value)) {
      throw new QueueError("usage", `address ${address}: ${name} must be one of ${info.values.join(", ")}`);
    }
    return encodeWord(value);
  });
}

function encodeWord(value: string): string {
  return value.replace(
    /[\s./*#+>%\0]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}

function decodeWord(word: string): string {
  return word.replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Reads the parameters out of an address; undefined when it does not fit. */
export type AddressMatcher = (address: string) => Record<string, string> | undefined;

const matchers = new Map<string, AddressMatcher>();

/** The matcher of an address with parameters. Each parameter is one word: it ends at `.` or `/`. */
export function matchAddress(template: string): AddressMatcher {
  let matcher = matchers.get(template);
  if (matcher === undefined) {
    matcher = createMatcher(template);
    // templates come from contracts; a program that makes them up must not grow this without end
    if (matchers.size < 10_000) matchers.set(template, matcher);
  }
  return matcher;
}

function createMatcher(template: string): AddressMatcher {
  const names = [...template.matchAll(parameter)].map((match) => match[1] ?? "");
  if (names.length === 0) {
    const none: Record<string, string> = {};
    return (address) => (address === template ? none : undefined);
  }
  const pieces = template.split(/\{[^{}]+\}/);
  return (address) => {
    const words = matchPieces(pieces, address);
    if (words === undefined) return undefined;
    const params: Record<string, string> = Object.create(null) as Record<string, string>;
    names.forEach((name, i) => (params[name] = decodeWord(words[i] ?? "")));
    return params;
  };
}

/** Literal pieces with a word between each two, by hand: a pattern made from a contract could backtrack for ever. */
function matchPieces(pieces: readonly string[], address: string): string[] | undefined {
  const first = pieces[0] ?? "";
  if (!address.startsWith(first)) return undefined;
  const words: string[] = [];
  let at = first.length;
  for (let i = 1; i < pieces.length; i++) {
    const piece = pieces[i] ?? "";
    const limit = endOfWord(address, at);
    const last = i === pieces.length - 1;
    const end = last ? address.length - piece.length : piece === "" ? limit : address.indexOf(piece, at + 1);
    if (end <= at || end > limit || !address.startsWith(piece, end)) return undefined;
    words.push(address.slice(at, end));
    at = end + piece.length;
  }
  return at === address.length ? words : undefined;
}

function endOfWord(address: string, from: number): number {
  for (let i = from; i < address.length; i++) {
    const char = address[i];
    if (char === "." || char === "/") return i;
  }
  return address.length;
}
