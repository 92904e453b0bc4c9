import { startOf, type Answer } from "./answer.js";
import { encodeReplyWith, lifetimeOf } from "./call.js";
import { protoCodec, type Codec } from "./codec.js";
import type { Ending } from "./ending.js";
import { RpcError, statusOfError } from "./error.js";
import { isUnaryOutput } from "./kinds.js";
import { encodedMessage, readMessage } from "./messages.js";
import type { Metadata } from "./metadata.js";
import { blamePeer, reportFailure, type FailureListener } from "./report.js";
import { Code, type RpcStatus } from "./status.js";
import type { Call, Messages, MethodImplementation, MethodInfo } from "./types.js";

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
 * aborted its status is sent and nothing else. Never throws.
 */
export function serveCall<I, O>(
  implementation: MethodImplementation,
  call: Call<I, O, {}>,
  sink: ReplySink,
  onFailure: FailureListener,
  codec: Codec = protoCodec,
): void {
  const { method } = call;
  const lifetime = lifetimeOf(call);
  let sent = false;
  let begun = false;
  const finish = (status: RpcStatus): void => {
    if (sent) return;
    sent = true;
    forget();
    reportFailure(status, method, onFailure);
    try {
      sink.status(status);
    } catch {
      // the peer is gone, or will find out by its own deadline
    }
    lifetime.end(status);
  };
  const send = (header: Metadata, bytes: Uint8Array): void => {
    if (sent) return;
    if (!begun) sink.header(header);
    begun = true;
    sink.message(bytes);
  };
  /** The reply is over, or its messages could not be read or sent. */
  const conclude = ({ header, ending }: Answer<O>, thrown?: { readonly error: unknown }): void => {
    if (!begun && (thrown === undefined || header.size > 0)) sink.header(header);
    if (thrown === undefined) return ending.when(finish);
    void statusOfFailure(ending, RpcError.from(thrown.error)).then(finish);
  };
  const begin = (answer: Answer<O>): void => {
    if (sent) return;
    const { failed, header, messages } = answer;
    if (failed !== undefined) {
      if (header.size > 0) sink.header(header);
      return finish(failed);
    }
    if (!isUnaryOutput(method.kind)) {
      sendAll(messages, (message) => send(header, encode(method, message, codec))).then(
        () => conclude(answer),
        (error: unknown) => conclude(answer, { error }),
      );
      return;
    }
    const sendOnly = (bytes: () => Uint8Array): void => {
      try {
        send(header, bytes());
      } catch (error) {
        return conclude(answer, { error });
      }
      conclude(answer);
    };
    const encoded = encodedMessage(messages);
    if (encoded !== undefined) return sendOnly(() => encoded);
    const take = (message: O): void => sendOnly(() => encode(method, message, codec));
    readMessage(messages, take, (error) => conclude(answer, { error }));
  };
  const sendAll = async (messages: Messages<O>, sendOne: (message: O) => void): Promise<void> => {
    for await (const message of messages) {
      sendOne(message);
      const room = sink.room();
      if (room !== undefined) await room;
      if (sent) return;
    }
  };
  let forget = (): void => {};
  forget = lifetime.onAbort((reason) => {
    const status = statusOfError(reason);
    // a reply that failed is on its way here, with headers to send before its status
    if (lifetime.failed) setImmediate(() => finish(status));
    else finish(status);
  });
  encodeReplyWith(call, (message) => encode(method, message, codec));
  startOf(implementation)(call, begin);
}

/**
 * What a failure while messages were read means for the call: mostly its own end says that. Where it says something
 * else, or nothing, a layer failed over the messages, or one could not be encoded.
 */
async function statusOfFailure(ending: Ending, failure: RpcError): Promise<RpcStatus> {
  const turn = new Promise<undefined>((resolve) => setImmediate(resolve, undefined));
  const status = await Promise.race([ending.promise, turn]);
  return status?.code === failure.code ? status : statusOfError(failure);
}

function encode(method: MethodInfo, message: unknown, codec: Codec): Uint8Array {
  try {
    return codec.encode(method.output, message);
  } catch (cause) {
    throw new RpcError(Code.INTERNAL, "internal error", { cause });
  }
}

/** Decodes a request. The peer sent the bytes: it may know that they are wrong, not why, and nobody else is told. */
export function decodeRequest(method: MethodInfo, bytes: Uint8Array, codec: Codec = protoCodec): unknown {
  try {
    return codec.decode(method.input, bytes);
  } catch (cause) {
    blamePeer(cause);
    const text = `the request is not a valid ${method.input.typeName}${codec.reason(cause)}`;
    throw new RpcError(codec.unreadable, text, { cause });
  }
}
