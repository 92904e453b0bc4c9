import { Duplex } from "node:stream";

const puback = 4;
const pubrec = 5;

/**
 * Stands between the client library and its socket and keeps back the acknowledgements of messages, PUBACK of QoS 1 and
 * PUBREC of QoS 2, until they are released. The library can hold one at a time only and reads nothing meanwhile, pings
 * included; this way it believes to have acknowledged and goes on. Works on the bytes of the protocol, which begin
 * every packet with its type and length.
 */
export class AckGate extends Duplex {
  readonly #socket: Duplex;
  #pending: Buffer = Buffer.alloc(0);
  readonly #held = new Map<number, Buffer>();
  /** Released before the library had written them. */
  readonly #early = new Set<number>();

  constructor(socket: Duplex) {
    super({ allowHalfOpen: false, decodeStrings: true });
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => {
      // an answer of the library after its end would destroy the socket, and what is still on its way with it
      if (this.writableEnded) return;
      if (!this.push(chunk)) socket.pause();
    });
    socket.on("end", () => this.push(null));
    socket.on("error", (error) => this.destroy(error));
    socket.on("close", () => this.destroy());
  }

  /** Sends what was kept back of these messages, in that order. */
  release(messageIds: readonly number[]): void {
    this.#socket.cork();
    for (const id of messageIds) {
      const packet = this.#held.get(id);
      if (packet === undefined) this.#early.add(id);
      else {
        this.#held.delete(id);
        if (!this.#socket.destroyed) this.#socket.write(packet);
      }
    }
    this.#socket.uncork();
  }

  override _read(): void {
    this.#socket.resume();
  }

  /** The library writes a packet in pieces and all packets of a turn together. */
  override _writev(
    chunks: { readonly chunk: Buffer; readonly encoding: BufferEncoding }[],
    done: (error?: Error | null) => void,
  ): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), "utf8", done);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const out = this.#filter();
    if (out.length === 0 || this.#socket.destroyed) return done();
    if (this.#socket.write(out)) return done();
    const go = (): void => {
      this.#socket.off("drain", go);
      this.#socket.off("close", go);
      done();
    };
    this.#socket.on("drain", go);
    this.#socket.on("close", go);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  /** Whole packets that may go. */
  #filter(): Buffer {
    const passed: Buffer[] = [];
    for (;;) {
      const length = packetLength(this.#pending);
      if (length === undefined || length > this.#pending.length) break;
      const packet = this.#pending.subarray(0, length);
      this.#pending = this.#pending.subarray(length);
      const type = (packet[0] ?? 0) >> 4;
      if (type !== puback && type !== pubrec) {
        passed.push(packet);
        continue;
      }
      // both have the id first, and a length of one byte
      const id = packet.readUInt16BE(2);
      if (this.#early.delete(id)) passed.push(packet);
      else this.#held.set(id, Buffer.from(packet));
    }
    return passed.length === 1 ? (passed[0] ?? Buffer.alloc(0)) : Buffer.concat(passed);
  }
}

/** Bytes of the packet at the beginning; undefined while that cannot be told. */
function packetLength(bytes: Buffer): number | undefined {
  let length = 0;
  for (let i = 1; i <= 4; i++) {
    const byte = bytes[i];
    if (byte === undefined) return undefined;
    length += (byte & 127) * 128 ** (i - 1);
    if (byte < 128) return 1 + i + length;
  }
  throw new Error("MQTT: a packet whose length is no length");
}
