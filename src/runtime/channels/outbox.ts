import type { Clock } from "../context/index.js";
import { QueueError } from "../queue/errors.js";
import type { DuplexSocket } from "./socket.js";

/** Messages on their way to a socket, which may be away for a while. */
export interface Outbox {
  /** Resolves once the message was handed to the socket. */
  send(data: string | Uint8Array): Promise<void>;
  /** Hands what waits to a socket. */
  attach(socket: DuplexSocket): void;
  /** What waits goes to the next one. */
  detach(): void;
  /** Nothing can be sent any more. */
  fail(error: Error): void;
  /** Resolves when nothing waits any more, or nothing can be sent. */
  idle(): Promise<void>;
  /** Bytes that wait here. */
  readonly waitingBytes: number;
}

/** The bounds of an outbox. */
export interface OutboxOptions {
  readonly clock: Clock;
  /** Messages that may wait. */
  readonly limit: number;
  /** Bytes in the socket from which on messages wait. */
  readonly highWaterBytes: number;
  /** Milliseconds that one may wait. */
  readonly withinMs: number;
}

interface Waiting {
  readonly data: string | Uint8Array;
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  cancel: () => void;
}

/** Bytes that may wait, however few messages they are. */
const mostBytes = 64 * 2 ** 20;
/** A socket that does not say when something has gone is asked again after that time. */
const pollMs = 5;

/** A bounded queue in front of a socket. */
export function createOutbox({ clock, limit, highWaterBytes, withinMs }: OutboxOptions): Outbox {
  const waiting = new Set<Waiting>();
  let bytes = 0;
  let socket: DuplexSocket | undefined;
  let failed: Error | undefined;
  let stopPolling: (() => void) | undefined;
  let idlers: (() => void)[] = [];

  function settle(one: Waiting): void {
    waiting.delete(one);
    bytes -= one.bytes;
    one.cancel();
    if (waiting.size === 0) for (const idler of idlers.splice(0)) idler();
  }

  function pump(): void {
    stopPolling?.();
    stopPolling = undefined;
    for (const one of waiting) {
      if (socket === undefined) return;
      if (socket.bufferedAmount >= highWaterBytes) {
        stopPolling = clock.after(pollMs, pump);
        return;
      }
      settle(one);
      try {
        socket.send(one.data, pumpWhenBlocked);
        one.resolve();
      } catch (cause) {
        one.reject(new QueueError("disconnected", "the socket took no message", { cause }));
      }
    }
  }

  const pumpWhenBlocked = (): void => {
    if (waiting.size > 0) pump();
  };

  return {
    send(data) {
      if (failed !== undefined) return Promise.reject(failed);
      if (socket !== undefined && waiting.size === 0 && socket.bufferedAmount < highWaterBytes) {
        try {
          socket.send(data, pumpWhenBlocked);
          return Promise.resolve();
        } catch (cause) {
          return Promise.reject(new QueueError("disconnected", "the socket took no message", { cause }));
        }
      }
      const length = sizeOf(data);
      if (waiting.size >= limit || (bytes > 0 && bytes + length > mostBytes)) {
        return Promise.reject(new QueueError("full", `${waiting.size} messages wait to be sent`));
      }
      return new Promise((resolve, reject) => {
        const one: Waiting = { data, bytes: length, resolve, reject, cancel: () => {} };
        one.cancel = clock.after(withinMs, () => {
          settle(one);
          reject(new QueueError("timeout", `a message waited ${withinMs} ms to be sent`));
        });
        waiting.add(one);
        bytes += length;
        if (socket !== undefined && stopPolling === undefined) stopPolling = clock.after(pollMs, pump);
      });
    },
    attach(next) {
      socket = next;
      pump();
    },
    detach() {
      socket = undefined;
      stopPolling?.();
      stopPolling = undefined;
    },
    fail(error) {
      if (failed !== undefined) return;
      failed = error;
      this.detach();
      for (const one of waiting) {
        settle(one);
        one.reject(error);
      }
      for (const idler of idlers.splice(0)) idler();
    },
    idle: () =>
      waiting.size === 0 || failed !== undefined ? Promise.resolve() : new Promise((done) => idlers.push(done)),
    get waitingBytes() {
      return bytes;
    },
  };
}

/** At most: a character is up to three bytes. */
function sizeOf(data: string | Uint8Array): number {
  return typeof data === "string" ? data.length * 3 : data.length;
}
