import { RpcError } from "./error.js";
import type { Lifetime } from "./lifetime.js";
import { isUnaryInput } from "./kinds.js";
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
 * Never rejects.
 */
export async function sendRequests<I, O>(call: Call<I, O, {}>, lifetime: Lifetime, sink: RequestSink): Promise<void> {
  try {
    if (isUnaryInput(call.method.kind)) {
      const request = await call.requests.one();
      if (lifetime.over) return;
      sink.message(encode(call.method, request));
      sink.end();
      return;
    }
    const iterator = call.requests[Symbol.asyncIterator]();
    const leave = (): void => void Promise.resolve(iterator.return?.()).catch(() => {});
    const forget = lifetime.onOver(leave);
    for (;;) {
      const step = await iterator.next();
      if (lifetime.over) return;
      if (step.done === true) break;
      sink.message(encode(call.method, step.value));
      const room = sink.room();
      if (room !== undefined) await room;
      if (lifetime.over) return;
    }
    forget();
    sink.end();
  } catch (error) {
    lifetime.abort(RpcError.from(error));
  }
}

function encode(method: MethodInfo, request: unknown): Uint8Array {
  try {
    // sound because the generated client's type is the Init of the method's input
    return method.input.encode(request as never);
  } catch (cause) {
    throw new RpcError(Code.INTERNAL, `the request is not a valid ${method.input.typeName}`, { cause });
  }
}
