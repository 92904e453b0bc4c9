import { missingRequired } from "./required.js";

// A message may come in several pieces, which are merged, and a member of a oneof or the value of a map entry may be
// replaced by a later one. So whether a `required` field is missing shows only when all bytes are read: until then a
// message that lacks some is noted here, and it matters only if the outermost message still holds it in the end.

/** The fields of a group that have come, as bits; `names` are those of all, by bit, with spaces. */
interface Lack {
  readonly seen: number;
  readonly typeName: string;
  readonly names: string;
}

/** By group of fields (as many as one number has bits for) the messages that lack some of it. */
type Groups = Map<number, Map<object, Lack>>;

interface Pending {
  readonly groups: Groups;
  /** Comes with the first note: what bundles programs without `required` fields can leave it out. */
  readonly search: (whole: unknown, groups: Groups) => void;
}

/** That of the bytes that are being read; undefined where nothing was missing so far, which is the rule. */
let pending: Pending | undefined;

/** So many messages may wait; the bytes decide how many there are, and each takes memory beside its own. */
const mostPending = 1_048_576;

/** Notes a message that lacks `required` fields. @throws {WireError} when too many do. */
export function notePending(m: object, group: number, seen: number, typeName: string, names: string): void {
  const { groups } = (pending ??= { groups: new Map(), search });
  let lacks = groups.get(group);
  if (lacks === undefined) groups.set(group, (lacks = new Map()));
  const lack = { seen, typeName, names };
  if (lacks.size === mostPending) throw missing(lack);
  lacks.set(m, lack);
}

/** The bits of a group with which to read the next piece of a message; `all` where the earlier ones had every field. */
export function resumePending(m: object, group: number, all: number): number {
  const lacks = pending?.groups.get(group);
  const lack = lacks?.get(m);
  if (lacks === undefined || lack === undefined) return all;
  lacks.delete(m);
  return lack.seen;
}

/** Begins to read something whole; gives what {@link closePending} needs, which has to follow in any case. */
export function openPending(): Pending | undefined {
  const outer = pending;
  pending = undefined;
  return outer;
}

/** Ends what {@link openPending} began: what was read around it goes on with what it had noted. */
export function closePending(outer: Pending | undefined): void {
  pending = outer;
}

/**
 * Gives what was read, all of it: whatever is part of it has to have its `required` fields.
 *
 * @throws {WireError} when one is missing.
 */
export function checkWhole<T>(whole: T): T {
  pending?.search(whole, pending.groups);
  return whole;
}

/** What `read` gives, checked as a whole; where time matters the three functions above stand in its place. */
export function readWhole<T>(read: () => T): T {
  const outer = openPending();
  try {
    return checkWhole(read());
  } finally {
    closePending(outer);
  }
}

/** Looks for what is noted in all that a value holds, level by level, so that the end of the stack is no limit. */
function search(whole: unknown, groups: Groups): void {
  const waiting = [...groups.values()].filter(({ size }) => size > 0);
  if (waiting.length === 0) return;
  const found = [whole].filter(mayHold);
  for (const value of found) {
    for (const lacks of waiting) {
      const lack = lacks.get(value);
      if (lack !== undefined) throw missing(lack);
    }
    const parts: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
    for (const part of parts) if (mayHold(part)) found.push(part);
  }
}

/** True for messages, lists, maps and oneofs; not for bytes, which may be many. */
function mayHold(value: unknown): value is object {
  return typeof value === "object" && value !== null && !ArrayBuffer.isView(value);
}

/** For the first field of a group that has not come. */
function missing({ seen, typeName, names }: Lack): Error {
  const name = names.split(" ").find((_, bit) => (seen & (1 << bit)) === 0);
  return missingRequired(`${typeName}.${name ?? names}`);
}
