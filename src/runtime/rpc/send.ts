import { protoCodec, type Codec } from "./codec.js";
import { RpcError } from "./error.js";
import type { Lifetime } from "./lifetime.js";
import { isUnaryInput } from "./kinds.js";
import { readMessage } from "./messages.js";
import { Code } from "./status.js";
import type { Call, MethodInfo } from "./types.js";

/** Where a client transport sends requests. */
export interface RequestSink {
  message(bytes: Uint8Array): void;
  /** Undefined while messages are welcome, else a promise for when they are again. */
  room(): Promise<void> | undefined;
  /** No more requests come. */
  end(): void;
}

/**
 * Sends the requests of a call, waiting where the peer is slow, and stops when the call is over: the iterable is then
 * told to return. An iterable that throws, or a message that cannot be encoded, cancels the call with that error.
 * A single request that is there is sent at once. Never throws.
 */
export function sendRequests<I, O>(
  call: Call<I, O, {}>,
  lifetime: Lifetime,
  sink: RequestSink,
  codec: Codec = protoCodec,
): void {
  const fail = (error: unknown): void => lifetime.abort(RpcError.from(error));
  if (!isUnaryInput(call.method.kind)) {
    sendStream(call, lifetime, sink, codec).catch(fail);
    return;
  }
  const send = (request: I): void => {
    if (lifetime.over) return;
    try {
      sink.message(encode(call.method, request, codec));
      sink.end();
    } catch (error) {
      fail(error);
    }
  };
  readMessage(call.requests, send, fail);
}

async function sendStream<I, O>(
  call: Call<I, O, {}>,
  lifetime: Lifetime,
  sink: RequestSink,
  codec: Codec,
): Promise<void> {
  const iterator = call.requests[Symbol.asyncIterator]();
  const leave = (): void => void Promise.resolve(iterator.return?.()).catch(() => {});
  const forget = lifetime.onOver(leave);
  for (;;) {
    const step = await iterator.next();
    if (lifetime.over) return;
    if (step.done === true) break;
    sink.message(encode(call.method, step.value, codec));
    const room = sink.room();
    if (room !== undefined) await room;
    if (lifetime.over) return;
  }
  forget();
  sink.end();
}

function encode(method: MethodInfo, request: unknown, codec: Codec): Uint8Array {
  try {
    return codec.encode(method.input, request);
  } catch (cause) {
    throw new RpcError(Code.INTERNAL, `the request is not a valid ${method.input.typeName}`, { cause });
  }
}
