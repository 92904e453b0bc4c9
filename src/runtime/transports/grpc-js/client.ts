import { Channel, credentials, type ChannelCredentials, type ChannelOptions } from "@grpc/grpc-js";
import {
  attemptOf,
  checkBytes,
  Code,
  createIncomingReply,
  failedReply,
  isPast,
  isUnaryOutput,
  RpcError,
  sendRequests,
  statusOfError,
  trackCalls,
  type Call,
  type CallsUnderWay,
  type Lifetime,
  type Reply,
  type Transport,
} from "../../rpc/index.js";
import { fromGrpcMetadata, fromGrpcStatus, toGrpcMetadata } from "./metadata.js";

/**
 * Settings of a connection to a server.
 *
 * @example
 * const transport = createGrpcJsTransport("users.internal:443", {
 *   credentials: credentials.createSsl(),
 *   maxReceiveBytes: 16 * 1024 * 1024,
 *   channelOptions: { "grpc.keepalive_time_ms": 30_000 },
 * });
 */
export interface GrpcJsTransportOptions {
  /** Plain text by default. */
  readonly credentials?: ChannelCredentials | undefined;
  /** Largest response message; 4 MiB by default. */
  readonly maxReceiveBytes?: number | undefined;
  /** Largest request message; unlimited by default. */
  readonly maxSendBytes?: number | undefined;
  /** Anything else grpc-js takes: load balancing, keepalive, service config. */
  readonly channelOptions?: ChannelOptions | undefined;
}

/**
 * Calls over `@grpc/grpc-js`. One connection carries all calls; it is opened by the first and opened again when it
 * was lost.
 *
 * @example const users = createUserServiceClient(createGrpcJsTransport("localhost:50051"));
 * @throws {RangeError} for a limit that is no number of bytes.
 */
export function createGrpcJsTransport(address: string, options: GrpcJsTransportOptions = {}): Transport {
  const channel = new Channel(address, options.credentials ?? credentials.createInsecure(), {
    ...options.channelOptions,
    ...sizeOptions(options),
  });
  const underWay = trackCalls();
  let closed = false;

  return {
    id: "grpc-js",
    target: address,
    async call(call) {
      if (closed) return failedReply(new RpcError(Code.UNAVAILABLE, "the transport is closed"));
      try {
        return await startCall(channel, call, underWay);
      } catch (error) {
        return failedReply(error);
      }
    },
    async close(withinMs = 10_000) {
      closed = true;
      // grpc-js would fail calls that still wait for their connection
      await underWay.drain(withinMs);
      channel.close();
    },
  };
}

/** The size limits as grpc-js calls them. @throws {RangeError} for what is no number of bytes. */
export function sizeOptions(limits: {
  readonly maxReceiveBytes?: number | undefined;
  readonly maxSendBytes?: number | undefined;
}): ChannelOptions {
  checkBytes("maxReceiveBytes", limits.maxReceiveBytes);
  checkBytes("maxSendBytes", limits.maxSendBytes);
  return {
    ...(limits.maxReceiveBytes === undefined ? {} : { "grpc.max_receive_message_length": limits.maxReceiveBytes }),
    ...(limits.maxSendBytes === undefined ? {} : { "grpc.max_send_message_length": limits.maxSendBytes }),
  };
}

/** One call straight on the channel: what the stubs of grpc-js add, streams and stack traces, we have no use for. */
function startCall<I, O>(channel: Channel, call: Call<I, O, {}>, underWay: CallsUnderWay): Promise<Reply<O>> {
  const lifetime = attemptOf(call);
  if (lifetime.over)
    return Promise.resolve(failedReply(lifetime.reason ?? new RpcError(Code.CANCELLED, "the call is over")));
  const { method, context } = call;
  const wire = channel.createCall(method.path, deadlineOf(lifetime), null, null, null);
  const metadata = toGrpcMetadata(context.metadata);
  const unary = isUnaryOutput(method.kind);
  let received = false;
  const incoming = createIncomingReply<O>({
    method,
    // the message of a unary reply and the status behind it are read at once, whether or not anybody asks for them
    onWant: unary ? undefined : () => wire.startRead(),
    cancel: (reason) => lifetime.abort(reason),
  });
  underWay.add(lifetime);

  lifetime.onAbort((reason) => {
    const expired = reason.code === Code.DEADLINE_EXCEEDED;
    wire.cancelWithStatus(expired ? Code.DEADLINE_EXCEEDED : Code.CANCELLED, reason.message);
    incoming.status(statusOfError(reason), { drop: true });
  });
  wire.start(metadata, {
    onReceiveMetadata(header) {
      try {
        incoming.header(fromGrpcMetadata(header));
      } catch (error) {
        lifetime.abort(RpcError.from(error));
      }
    },
    onReceiveMessage(bytes: Uint8Array) {
      if (unary && received) {
        return lifetime.abort(new RpcError(Code.UNIMPLEMENTED, "one message was expected, several came"));
      }
      received = true;
      incoming.message(bytes);
      if (unary) wire.startRead();
    },
    onReceiveStatus(received) {
      const status = fromGrpcStatus(received);
      // a server that keeps the same deadline resets the stream, which may come before our own timer
      const expired = status.code === Code.CANCELLED && isPast(lifetime.deadline, lifetime.clock);
      if (expired) return lifetime.abort(deadlineIsOver());
      incoming.status(status);
      lifetime.end(status);
    },
  });

  if (unary) wire.startRead();

  let written: Promise<void> | undefined;
  sendRequests(call, lifetime, {
    message(bytes) {
      written = new Promise((resolve) => {
        const forget = lifetime.onOver(resolve);
        const callback = (): void => {
          forget();
          resolve();
        };
        wire.sendMessageWithContext({ callback }, bufferOf(bytes));
      });
    },
    room: () => written,
    end: () => wire.halfClose(),
  });
  return incoming.reply;
}

/** What a `grpc-timeout` can tell, all but an hour for what is lost on the way. */
const longestMs = (1e8 - 2) * 3_600_000;

/** The deadline as grpc-js tells it, which throws where nobody catches it when it is too far away. Ours is kept, too. */
function deadlineOf({ deadline, clock }: Lifetime): number {
  return deadline === undefined ? Infinity : Math.min(deadline, clock.now() + longestMs);
}

function deadlineIsOver(): RpcError {
  return new RpcError(Code.DEADLINE_EXCEEDED, "the deadline is over");
}

/** The same bytes as a Buffer, without a copy. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
