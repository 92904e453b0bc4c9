import { captureContext } from "../context/index.js";
import { Code, mapMessages, Pipe, RpcError, takeOne, type Messages, type OneTaken } from "../rpc/index.js";

/** Where the messages of one side are put as they come in. */
export interface Inbox<T> {
  readonly messages: Messages<T>;
  /** @throws {RpcError} when there are more than the method takes. */
  receive(bytes: Uint8Array, packed: boolean): void;
  /** The other side has sent everything. */
  end(): void;
  /** Nothing more comes, for that reason. What came before it can be read, unless it is dropped. */
  fail(error: () => RpcError, drop: boolean): void;
}

/** What an inbox is made from. */
export interface InboxInit<T> {
  /** Called when a message is read; until then one that is `packed` is kept as it came. */
  readonly decode: (bytes: Uint8Array, packed: boolean) => T;
  /** Called when so much waits to be read that the other side has to wait, and when that is over. */
  readonly hold: (held: boolean) => void;
  /** The reader left before the end; what comes after that is forgotten. */
  readonly onLeave: () => void;
}

type Read<T> = { readonly message: T } | { readonly error: unknown };

type Outcome = { readonly message: Uint8Array | Packed } | { readonly error: () => RpcError };

/** A message that is still compressed. */
class Packed {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

function decodeWith<T>(decode: InboxInit<T>["decode"], message: Uint8Array | Packed): T {
  return message instanceof Packed ? decode(message.bytes, true) : decode(message, false);
}

/** The inbox of a side that sends one message. Cheaper than a stream: nothing is asked of it before its end. */
export class SingleInbox<T> implements Inbox<T>, Messages<T>, OneTaken<T> {
  readonly #decode: InboxInit<T>["decode"];
  #received: Uint8Array | Packed | undefined;
  #outcome: Outcome | undefined;
  #read: Read<T> | undefined;
  #message: Promise<T> | undefined;
  #waiting: (() => void)[] | undefined;

  constructor({ decode }: Pick<InboxInit<T>, "decode">) {
    this.#decode = decode;
  }

  get messages(): Messages<T> {
    return this;
  }

  receive(bytes: Uint8Array, packed: boolean): void {
    if (this.#received !== undefined) throw new RpcError(Code.UNIMPLEMENTED, "one message was expected, several came");
    this.#received = packed ? new Packed(bytes) : bytes;
  }

  end(): void {
    const message = this.#received;
    this.#conclude(message === undefined ? { error: noMessage } : { message });
  }

  fail(error: () => RpcError): void {
    this.#conclude({ error });
  }

  one(): Promise<T> {
    return (this.#message ??= new Promise((resolve, reject) => this[takeOne](resolve, reject)));
  }

  [takeOne](take: (message: T) => void, fail: (error: unknown) => void): void {
    const settle = (): void => {
      const read = (this.#read ??= this.#decodeOutcome());
      if ("error" in read) fail(read.error);
      else take(read.message);
    };
    if (this.#outcome === undefined) (this.#waiting ??= []).push(settle);
    else settle();
  }

  map(replace: (message: T) => T): Messages<T> {
    return mapOne(this, replace);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, undefined, undefined> {
    yield await this.one();
  }

  #conclude(outcome: Outcome): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = outcome;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    for (const settle of waiting ?? []) settle();
  }

  #decodeOutcome(): Read<T> {
    const outcome = this.#outcome;
    try {
      if (outcome === undefined || "error" in outcome) return { error: outcome?.error() };
      return { message: decodeWith(this.#decode, outcome.message) };
    } catch (error) {
      return { error };
    }
  }
}

function noMessage(): RpcError {
  return new RpcError(Code.UNIMPLEMENTED, "one message was expected, none came");
}

/** Who reads the message may be in another context than the layer that maps it. */
function mapOne<T>(source: Messages<T>, replace: (message: T) => T): Messages<T> {
  const run = captureContext();
  return new MappedMessage(source, (message) => run(() => replace(message)));
}

class MappedMessage<T> implements Messages<T> {
  readonly #source: Messages<T>;
  readonly #replace: (message: T) => T;
  #message: Promise<T> | undefined;

  constructor(source: Messages<T>, replace: (message: T) => T) {
    this.#source = source;
    this.#replace = replace;
  }

  one(): Promise<T> {
    return (this.#message ??= this.#source.one().then(this.#replace));
  }

  map(replace: (message: T) => T): Messages<T> {
    return mapOne(this, replace);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, undefined, undefined> {
    yield await this.one();
  }
}

/** Bytes that may wait for their reader before the other side has to, and those at which it goes on. */
const mostUnread = 128 * 1024;
const fewUnread = 32 * 1024;
/** What a message takes beside its bytes. */
const overhead = 64;

function sizeOf(message: Uint8Array | Packed): number {
  return (message instanceof Packed ? message.bytes : message).length + overhead;
}

/** The inbox of a side that sends a stream. */
export class StreamInbox<T> implements Inbox<T> {
  readonly messages: Messages<T>;
  readonly #pipe: Pipe<Uint8Array | Packed>;
  readonly #hold: (held: boolean) => void;
  #unread = 0;
  #held = false;
  /** Nobody reads what comes from now on. */
  #forgets = false;

  constructor({ decode, hold, onLeave }: InboxInit<T>) {
    this.#pipe = new Pipe<Uint8Array | Packed>({
      capacity: Infinity,
      onLeave: () => {
        this.#forget();
        onLeave();
      },
    });
    this.#hold = hold;
    this.messages = mapMessages(this.#pipe, (message) => {
      this.#unread -= sizeOf(message);
      if (this.#held && this.#unread < fewUnread) this.#setHeld(false);
      return decodeWith(decode, message);
    });
  }

  receive(bytes: Uint8Array, packed: boolean): void {
    if (this.#forgets) return;
    const message = packed ? new Packed(bytes) : bytes;
    this.#unread += sizeOf(message);
    this.#pipe.write(message);
    if (!this.#held && this.#unread >= mostUnread) this.#setHeld(true);
  }

  end(): void {
    this.#pipe.close();
  }

  fail(error: () => RpcError, drop: boolean): void {
    if (drop) {
      this.#pipe.drop();
      this.#forget();
    }
    this.#pipe.close({ value: error() });
  }

  #forget(): void {
    this.#forgets = true;
    if (this.#held) this.#setHeld(false);
  }

  #setHeld(held: boolean): void {
    this.#held = held;
    this.#hold(held);
  }
}
