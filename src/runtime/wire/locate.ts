import { isWireError, stackError, WireError } from "./error.js";
import { pathOf } from "./json-input.js";
import { closePending, openPending } from "./pending.js";
import { cursor, readTag, skipField } from "./read.js";
import type { Bytes, ReadMessage } from "./types.js";

// Where an error is. Writers and readers keep no path, which would cost time: when one has failed, it is asked again,
// and watched.

/** What a writer has asked for, and of what. */
interface Step {
  readonly outer: Step | undefined;
  readonly key: string | number;
}

/** So many properties are watched; in a message that is that big, errors further on have no path. */
const mostSteps = 100_000;

/**
 * What to throw for an error of a writer: a {@link WireError} with the path to the value that it is about. Emitted code
 * reads each property right before it writes it, so that is what was read last when the same message is written again.
 * `name` is that of the whole, where it has one.
 */
export function locateValue<M>(thrown: unknown, message: M, write: (message: M) => unknown, name?: string): unknown {
  const error = stackError(thrown);
  // of a message without end there is no path
  if (!isWireError(error) || error.code === "too_deep") return error;
  let last: Step | undefined = name === undefined ? undefined : { outer: undefined, key: name };
  let steps = 0;
  const note = (step: Step): void => {
    if (++steps > mostSteps) throw error;
    last = step;
  };
  try {
    write(watch(message, last, note));
  } catch (again) {
    const same = stackError(again);
    // a getter may give something else each time
    const isSame = same !== error && isWireError(same) && same.reason === error.reason;
    if (!isSame || last === undefined) return error;
    // a path there is that of bytes or JSON inside of the value
    const reason = error.path === "" ? error.reason : `${error.reason}, at ${error.path} of what it holds`;
    return new WireError(error.code, reason, pathTo(last), error.cause);
  }
  return error;
}

/** Stands for a value and tells which properties are read, in it and in all that it holds. */
function watch<T>(value: T, outer: Step | undefined, note: (step: Step) => void): T {
  const list = Array.isArray(value);
  // what else is an object is a value of its own: bytes, a Date
  if (typeof value !== "object" || value === null) return value;
  if (!list && Object.prototype.toString.call(value) !== "[object Object]") return value;
  // of an empty object: a proxy of the value itself, which may be frozen, would have to give its properties as they are
  const proxy = new Proxy<object>(list ? [] : {}, {
    get(_, key) {
      // getters see the value: they may have to do with its private members
      const part: unknown = Reflect.get(value, key);
      if (typeof key === "symbol" || (list && !/^\d/.test(key))) return part;
      const step = { outer, key: list ? Number(key) : key };
      note(step);
      return watch(part, step, note);
    },
    has: (_, key) => Reflect.has(value, key),
    ownKeys: () => Reflect.ownKeys(value),
    getPrototypeOf: () => Reflect.getPrototypeOf(value),
    getOwnPropertyDescriptor(target, key) {
      // the length of a list is the one property that the empty object has, too
      if (list && key === "length") return Reflect.getOwnPropertyDescriptor(target, key);
      const enumerable = Object.prototype.propertyIsEnumerable.call(value, key);
      return Object.hasOwn(value, key) ? { configurable: true, enumerable } : undefined;
    },
  });
  // it answers like the value
  return proxy as T;
}

function pathTo(last: Step): string {
  const path: (string | number)[] = [];
  for (let step: Step | undefined = last; step !== undefined; step = step.outer) path.unshift(step.key);
  return pathOf({ path }, undefined);
}

/** Bytes, which may be anybody's, that are read again at most to find an error in them. */
const mostBytes = 1 << 16;

/**
 * What to throw for an error of a reader: a {@link WireError} that names the message, with the number of the field of
 * the whole that it is in and that field's place. Bytes do not tell messages from texts, the reader alone does: it reads
 * one field after the other, so that bytes of a stranger cost about once more what reading them does.
 */
export function locateBytes<T>(
  thrown: unknown,
  typeName: string,
  b: Bytes,
  read: ReadMessage<T>,
  depth: number,
): unknown {
  const error = stackError(thrown);
  // a field that is missing has its name there, and only the whole lacks it
  if (!isWireError(error) || error.code === "missing_required") return error;
  const at = b.length > mostBytes ? undefined : failingField(b, read, depth);
  const place = at === undefined ? typeName : `${typeName}, byte ${at}`;
  return new WireError(error.code, `${error.reason} (${place})`, at === undefined ? "" : numberAt(b, at), error.cause);
}

/** Where the field begins that cannot be read; undefined when each can. */
function failingField<T>(b: Bytes, read: ReadMessage<T>, depth: number): number | undefined {
  // what this lacks is nobody's concern
  const outer = openPending();
  let p = 0;
  try {
    const whole = read(b, 0, 0, depth);
    while (p < b.length) {
      const t = readTag(b, p);
      const end = Math.min(skipField(b, cursor, b.length, t, depth), b.length);
      read(b, p, end, depth, whole);
      p = end;
    }
    return undefined;
  } catch {
    return p;
  } finally {
    closePending(outer);
  }
}

/** The number of the field that begins there; none where bytes are no field. */
function numberAt(b: Bytes, at: number): string {
  try {
    const t = readTag(b, at);
    // below 8, and at the end of a group, there is no field
    return t > 7 && (t & 7) !== 4 && cursor <= b.length ? `${t >>> 3}` : "";
  } catch {
    return "";
  }
}
