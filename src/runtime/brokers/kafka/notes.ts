/** What a consumer leaves to the next one beside the committed offset, which is the lowest unfinished one. */
export interface CommitNotes {
  /** All offsets below were handed to a handler before. */
  readonly deliveredTo: number;
  /** Ranges above the committed offset that are done: first offset and the one after the last. */
  readonly done: readonly (readonly [from: number, to: number])[];
  /** Headers added to messages that were given back, by offset: attempts inside a process. */
  readonly headers: ReadonlyMap<number, Readonly<Record<string, string>>>;
}

/** The server's limit is 4,096 by default. What does not fit is left out: a few messages are delivered twice then. */
const maxBytes = 3_000;
const maxRanges = 300;
const prefix = "w1;";

/** Writes the notes into the metadata of a commit, as small as can be: offsets relative to the committed one. */
export function writeNotes(offset: number, notes: CommitNotes): string {
  const delivered = Math.max(0, notes.deliveredTo - offset).toString(36);
  let ranges = "";
  let last = offset;
  for (const [from, to] of notes.done.slice(0, maxRanges)) {
    const range = `${(from - last).toString(36)}.${(to - from).toString(36)},`;
    if (ranges.length + range.length > maxBytes / 2) break;
    ranges += range;
    last = to;
  }
  const carried: Record<string, Readonly<Record<string, string>>> = {};
  let size = prefix.length + delivered.length + ranges.length + 4;
  for (const [at, headers] of notes.headers) {
    const name = (at - offset).toString(36);
    size += Buffer.byteLength(JSON.stringify(headers)) + name.length + 4;
    if (size > maxBytes) break;
    carried[name] = headers;
  }
  const json = Object.keys(carried).length === 0 ? "" : JSON.stringify(carried);
  const nothing = delivered === "0" && ranges === "" && json === "";
  return nothing ? "" : `${prefix}${delivered};${ranges};${json}`;
}

const none: CommitNotes = { deliveredTo: 0, done: [], headers: new Map() };

/** Reads them back. Anybody may have committed: what is not of this form counts as nothing. */
export function readNotes(offset: number, metadata: string): CommitNotes {
  if (!metadata.startsWith(prefix) || metadata.length > 32_768) return none;
  const match = /^([0-9a-z]{1,10});((?:[0-9a-z]{1,10}\.[0-9a-z]{1,10},)*);(.*)$/s.exec(metadata.slice(prefix.length));
  if (match === null) return none;
  const [, delivered = "0", ranges = "", json = ""] = match;
  const done: [number, number][] = [];
  let last = offset;
  for (const range of ranges.split(",").slice(0, maxRanges)) {
    const [gap = "", length = ""] = range.split(".");
    if (gap === "" || length === "") continue;
    const from = last + Number.parseInt(gap, 36);
    last = from + Number.parseInt(length, 36);
    if (!Number.isSafeInteger(last)) return none;
    done.push([from, last]);
  }
  return { deliveredTo: offset + Number.parseInt(delivered, 36), done, headers: readHeaders(offset, json) };
}

function readHeaders(offset: number, json: string): Map<number, Readonly<Record<string, string>>> {
  const result = new Map<number, Readonly<Record<string, string>>>();
  if (json === "") return result;
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    return result;
  }
  if (typeof parsed !== "object" || parsed === null) return result;
  for (const [name, value] of Object.entries(parsed)) {
    if (!/^[0-9a-z]{1,10}$/.test(name) || typeof value !== "object" || value === null) continue;
    const texts = Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string");
    result.set(offset + Number.parseInt(name, 36), Object.fromEntries(texts));
  }
  return result;
}
