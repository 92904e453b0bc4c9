import { stackError } from "./error.js";
import { forgetView } from "./lists.js";
import { allocate } from "./text.js";
import type { Bytes, WriteMessage } from "./types.js";
import { GROW } from "./write.js";

// Messages are written into one module-level arena. A small result is a view of its part of the arena, which is never
// written again; a bigger one is copied out. A message that writes another while it is being written (a getter) finds
// the arena busy and gets memory of its own, so no result ever shares bytes that somebody still writes.

const arenaSize = 65536;
/** Results up to this size stay in the arena. */
const largestView = 4096;
/** More scratch memory than this is not kept for the next message. */
const largestScratch = 1 << 20;

// empty at first: the first message finds no room and brings the memory
let arena: Bytes = allocate(0);
let memory = arena.buffer;
let offset = arena.byteOffset;
let used = 0;
let scratch: Bytes | undefined;
let busy = false;

/** Where the message ends, or -1 when the memory, which need not be kept, is too small. */
function attempt<Init>(write: WriteMessage<Init>, message: Init, b: Bytes, p: number): number {
  try {
    return write(message, b, p);
  } catch (error) {
    if (error === GROW) return -1;
    throw stackError(error);
  } finally {
    // a view of it would keep all of it alive
    forgetView();
  }
}

/** The `encode` of one message type. It remembers how big its messages were. */
export function createEncoder<Init>(write: WriteMessage<Init>): (message: Init) => Uint8Array {
  let expected = 0;

  return (message) => {
    if (busy) return writeLarge(write, message, 1024);
    busy = true;
    try {
      // after a message so big that its memory was not kept, the next one, which may be tiny, has to ask for it anew
      if (expected <= largestView || expected > largestScratch) {
        const start = used;
        const end = write(message, arena, start);
        const length = end - start;
        if (length <= largestView) {
          expected = length;
          used = end;
          return new Uint8Array(memory, offset + start, length);
        }
        expected = length;
        return copyOut(arena, start, end);
      }
      const large = writeLarge(write, message, largeSize(expected));
      expected = large.length;
      return large;
    } catch (error) {
      if (error !== GROW) throw stackError(error);
      const result = writeAgain(write, message, expected);
      expected = result.length;
      return result;
    } finally {
      busy = false;
    }
  };
}

/** After the rest of the arena was too small: in a new arena, or in scratch memory when that is too small, too. */
function writeAgain<Init>(write: WriteMessage<Init>, message: Init, expected: number): Uint8Array {
  if (used > 0 || arena.length < arenaSize) {
    arena = allocate(arenaSize);
    memory = arena.buffer;
    offset = arena.byteOffset;
    used = 0;
    const end = attempt(write, message, arena, 0);
    if (end >= 0) {
      if (end > largestView) return copyOut(arena, 0, end);
      used = end;
      return new Uint8Array(memory, offset, end);
    }
  }
  return writeLarge(write, message, largeSize(expected));
}

/** The size to begin with where the arena is too small. */
function largeSize(expected: number): number {
  let size = arenaSize * 2;
  while (size < expected) size *= 2;
  return size;
}

/** In memory of at least that size, which grows until the message fits. */
function writeLarge<Init>(write: WriteMessage<Init>, message: Init, size: number): Uint8Array {
  for (; ; size *= 2) {
    let b = scratch;
    // a message that is written in the middle of this one shall not find it
    scratch = undefined;
    if (b === undefined || b.length < size) b = allocate(size);
    size = b.length;
    const end = attempt(write, message, b, 0);
    if (end < 0) continue;
    if (size > largestScratch) return end * 2 > size ? new Uint8Array(b.buffer, b.byteOffset, end) : copyOut(b, 0, end);
    scratch = b;
    return copyOut(b, 0, end);
  }
}

/** The engine's own copy, which does not clear the memory first. */
function copyOut(b: Bytes, start: number, end: number): Uint8Array {
  return new Uint8Array(b.buffer.slice(b.byteOffset + start, b.byteOffset + end));
}
