import { lifetimeOf } from "./call.js";
import { RpcError, statusOfError } from "./error.js";
import type { Metadata } from "./metadata.js";
import { blamePeer, reportFailure, type FailureListener } from "./report.js";
import { Code, type RpcStatus } from "./status.js";
import type { Call, MethodImplementation, MethodInfo, Reply } from "./types.js";

/** Where a server transport sends a reply. */
export interface ReplySink {
  /** Called once, before the first message; not at all when the call fails before it without headers to send. */
  header(metadata: Metadata): void;
  message(bytes: Uint8Array): void;
  /** Undefined while messages are welcome, else a promise for when they are again. */
  room(): Promise<void> | undefined;
  /** Called once, last. */
  status(status: RpcStatus): void;
}

/**
 * Answers one call that came in: runs it and sends its reply, waiting where the peer is slow. Once the call was
 * aborted its status is sent and nothing else. Never rejects.
 */
export async function serveCall<I, O>(
  implementation: MethodImplementation,
  call: Call<I, O, {}>,
  sink: ReplySink,
  onFailure: FailureListener,
): Promise<void> {
  const lifetime = lifetimeOf(call);
  let sent = false;
  const finish = (status: RpcStatus): void => {
    if (sent) return;
    sent = true;
    forget();
    reportFailure(status, call.method, onFailure);
    try {
      sink.status(status);
    } catch {
      // the peer is gone, or will find out by its own deadline
    }
    lifetime.end(status);
  };
  let forget = (): void => {};
  try {
    forget = lifetime.onAbort((reason) => finish(statusOfError(reason)));
    const reply = await implementation(call);
    if (sent) return;
    if (reply.failed !== undefined) {
      if (reply.header.size > 0) sink.header(reply.header);
      return finish(reply.failed);
    }
    let begun = false;
    let failure: RpcError | undefined;
    try {
      for await (const message of reply.messages) {
        if (sent) return;
        const bytes = encode(call.method, message);
        if (!begun) sink.header(reply.header);
        begun = true;
        sink.message(bytes);
        const room = sink.room();
        if (room !== undefined) await room;
        if (sent) return;
      }
    } catch (error) {
      failure = RpcError.from(error);
    }
    if (!begun && (failure === undefined || reply.header.size > 0)) sink.header(reply.header);
    finish(failure === undefined ? await reply.done : await statusOfFailure(reply, failure));
  } catch (error) {
    finish(statusOfError(error));
  }
}

/**
 * What a failure while messages were read means for the call: mostly its own end says that. Where it says something
 * else, or nothing, a layer failed over the messages, or one could not be encoded.
 */
async function statusOfFailure(reply: Reply<unknown>, failure: RpcError): Promise<RpcStatus> {
  const turn = new Promise<undefined>((resolve) => setImmediate(resolve, undefined));
  const status = await Promise.race([reply.done, turn]);
  return status?.code === failure.code ? status : statusOfError(failure);
}

function encode(method: MethodInfo, message: unknown): Uint8Array {
  try {
    // sound because the handler's type is the Init of the method's output
    return method.output.encode(message as never);
  } catch (cause) {
    throw new RpcError(Code.INTERNAL, "internal error", { cause });
  }
}

/** Decodes a request. The peer sent the bytes: it may know that they are wrong, not why, and nobody else is told. */
export function decodeRequest(method: MethodInfo, bytes: Uint8Array): unknown {
  try {
    return method.input.decode(bytes);
  } catch (cause) {
    blamePeer(cause);
    throw new RpcError(Code.INTERNAL, `the request is not a valid ${method.input.typeName}`, { cause });
  }
}
