import { Code, RpcError } from "../rpc/index.js";
import { allocate, allocateOwn, concat, soon } from "./bytes.js";
import { deflate, inflate } from "./compression.js";
import { tooLarge } from "./limits.js";

/** One byte of flags and four of length come before every message. */
export const prefixSize = 5;
/** The message is compressed. */
const compressedFlag = 1;

/** What happens to messages that come in. */
export interface EnvelopeReaderInit {
  /** Largest message as it comes. */
  readonly limit: number;
  /** True when the other side has named an encoding, so that messages may be compressed. */
  readonly compressed: boolean;
  /** Takes a message as it came; one that is `packed` is for who reads it to inflate, for until then it is small. */
  readonly onMessage: (bytes: Uint8Array, packed: boolean) => void;
  /** The flag of what ends a stream within its data, where the protocol has that; nothing comes after it. */
  readonly endFlag?: number | undefined;
  readonly onEnd?: ((bytes: Uint8Array) => void) | undefined;
}

/**
 * Cuts a stream of bytes into messages, however it arrives. A message that lies in one chunk is a view of it; one
 * that does not is put together in memory that is allocated once its length is known and allowed.
 */
export class EnvelopeReader {
  readonly #limit: number;
  readonly #compressed: boolean;
  readonly #onMessage: (bytes: Uint8Array, packed: boolean) => void;
  readonly #endFlag: number;
  readonly #onEnd: ((bytes: Uint8Array) => void) | undefined;
  #ended = false;
  /** Of a prefix that came in parts, which is rare. */
  #prefix: Uint8Array | undefined;
  #prefixFilled = 0;
  /** Those of the message that is being put together. */
  #flags = 0;
  #message: Uint8Array | undefined;
  #filled = 0;

  constructor({ limit, compressed, onMessage, endFlag = 0, onEnd }: EnvelopeReaderInit) {
    this.#limit = limit;
    this.#compressed = compressed;
    this.#onMessage = onMessage;
    this.#endFlag = endFlag;
    this.#onEnd = onEnd;
  }

  /** True between two messages: where a stream may end. */
  get atBoundary(): boolean {
    return this.#prefixFilled === 0 && this.#message === undefined;
  }

  /**
   * Takes the next bytes and hands on the messages that are whole.
   *
   * @throws {RpcError} for a message that is too large, or is not what its prefix says.
   */
  push(chunk: Uint8Array): void {
    let at = 0;
    const { length } = chunk;
    while (at < length) {
      if (this.#message !== undefined) {
        at += this.#fill(this.#message, chunk, at);
      } else if (this.#prefixFilled > 0 || length - at < prefixSize) {
        at += this.#fillPrefix(chunk, at);
      } else {
        const size = this.#open(chunk, at);
        const start = at + prefixSize;
        if (size <= length - start) {
          const flags = chunk[at] ?? 0;
          at = start + size;
          this.#deliver(flags, chunk.subarray(start, at));
        } else {
          this.#flags = chunk[at] ?? 0;
          at = start;
          this.#message = allocateOwn(size);
        }
      }
    }
  }

  #fill(message: Uint8Array, chunk: Uint8Array, at: number): number {
    const taken = Math.min(message.length - this.#filled, chunk.length - at);
    message.set(chunk.subarray(at, at + taken), this.#filled);
    this.#filled += taken;
    if (this.#filled === message.length) {
      this.#message = undefined;
      this.#filled = 0;
      this.#deliver(this.#flags, message);
    }
    return taken;
  }

  #fillPrefix(chunk: Uint8Array, at: number): number {
    const taken = Math.min(prefixSize - this.#prefixFilled, chunk.length - at);
    const prefix = (this.#prefix ??= new Uint8Array(prefixSize));
    prefix.set(chunk.subarray(at, at + taken), this.#prefixFilled);
    this.#prefixFilled += taken;
    if (this.#prefixFilled === prefixSize) {
      this.#prefixFilled = 0;
      const size = this.#open(prefix, 0);
      this.#flags = prefix[0] ?? 0;
      if (size === 0) this.#deliver(this.#flags, new Uint8Array());
      else this.#message = allocateOwn(size);
    }
    return taken;
  }

  /** The size that a prefix announces, checked before anything is allocated for it. */
  #open(b: Uint8Array, at: number): number {
    const flags = b[at] ?? 0;
    if ((flags & ~(compressedFlag | this.#endFlag)) !== 0) {
      throw new RpcError(Code.INTERNAL, `a message has the unknown flags ${flags}`);
    }
    if (this.#ended) throw new RpcError(Code.INTERNAL, "something came after the end of the stream");
    if ((flags & compressedFlag) !== 0 && !this.#compressed) {
      throw new RpcError(Code.INTERNAL, "a message is compressed, but no encoding was named");
    }
    const size = (b[at + 1] ?? 0) * 0x1000000 + (((b[at + 2] ?? 0) << 16) | ((b[at + 3] ?? 0) << 8) | (b[at + 4] ?? 0));
    if (size > this.#limit) throw tooLarge("received", size, this.#limit);
    return size;
  }

  #deliver(flags: number, bytes: Uint8Array): void {
    const packed = (flags & compressedFlag) !== 0;
    if ((flags & this.#endFlag) === 0) return this.#onMessage(bytes, packed);
    this.#ended = true;
    this.#onEnd?.(packed ? inflate(bytes, this.#limit) : bytes);
  }
}

/** How messages are sent. */
export interface EnvelopeRules {
  readonly limit: number;
  readonly gzip: boolean;
  readonly threshold: number;
}

/** Where a writer puts its bytes: a stream. */
export interface ByteSink {
  write(bytes: Uint8Array): boolean;
}

/** Bytes that are collected before they are sent within a tick. */
const batchSize = 64 * 1024;
/** Larger messages are sent from where they are, smaller ones are copied behind their prefix. */
const largestCopy = 32 * 1024;

/** Puts messages into envelopes. Those of one tick go out in one write. */
export class EnvelopeWriter {
  readonly #sink: ByteSink;
  readonly #rules: EnvelopeRules;
  #pending: Uint8Array[] = [];
  #size = 0;
  #scheduled = false;
  #full = false;
  #waiting: (() => void) | undefined;

  constructor(sink: ByteSink, rules: EnvelopeRules) {
    this.#sink = sink;
    this.#rules = rules;
  }

  /**
   * Takes a message. After the `last` one `take` follows at once, so that nothing has to be sent by itself.
   *
   * @throws {RpcError} `RESOURCE_EXHAUSTED` when it is too large.
   */
  message(bytes: Uint8Array, last = false): void {
    const { limit, gzip, threshold } = this.#rules;
    const { length } = bytes;
    if (length > limit || length > largestLength) throw tooLarge("sent", length, Math.min(limit, largestLength));
    const packed = gzip ? deflate(bytes, threshold) : undefined;
    if (packed === undefined) this.#add(0, bytes, last);
    else this.#add(compressedFlag, packed, last);
  }

  /** Undefined while messages are welcome, else a promise for when they are again. One may wait. */
  room(): Promise<void> | undefined {
    return this.#full ? new Promise((resolve) => (this.#waiting = resolve)) : undefined;
  }

  /** The stream has room again, or is over. */
  drained(): void {
    this.#full = false;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  }

  /** Sends what has been collected. */
  flush(): void {
    const last = this.take();
    if (last !== undefined && !this.#sink.write(last)) this.#full = true;
  }

  /** What has been collected and not been sent, in one piece: for a stream that ends with it. */
  take(): Uint8Array | undefined {
    const pending = this.#pending;
    if (this.#size === 0) return undefined;
    this.#pending = [];
    this.#size = 0;
    return concat(pending);
  }

  /** Called a tick after the first message of a batch. */
  flushLater(): void {
    this.#scheduled = false;
    this.flush();
  }

  #add(flags: number, bytes: Uint8Array, last: boolean): void {
    const { length } = bytes;
    const copied = length <= largestCopy;
    const b = allocate(copied ? prefixSize + length : prefixSize);
    writePrefix(b, flags, length);
    if (copied) b.set(bytes, prefixSize);
    this.#pending.push(b);
    this.#size += b.length;
    if (!copied) {
      this.flush();
      this.#pending.push(bytes);
      this.#size += length;
    }
    if (this.#size >= batchSize) {
      this.flush();
    } else if (!last && !this.#scheduled) {
      this.#scheduled = true;
      soon(flushLater, this);
    }
  }
}

/** A message in its envelope, in one piece. */
export function encodeEnvelope(flags: number, bytes: Uint8Array): Uint8Array {
  const b = allocate(prefixSize + bytes.length);
  writePrefix(b, flags, bytes.length);
  b.set(bytes, prefixSize);
  return b;
}

function writePrefix(b: Uint8Array, flags: number, length: number): void {
  b[0] = flags;
  b[1] = length >>> 24;
  b[2] = length >>> 16;
  b[3] = length >>> 8;
  b[4] = length;
}

/** What four bytes can say. */
const largestLength = 0xffffffff;

function flushLater(writer: EnvelopeWriter): void {
  writer.flushLater();
}
