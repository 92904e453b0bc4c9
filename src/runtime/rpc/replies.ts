import { errorOfStatus, isFailure, RpcError, statusOfError } from "./error.js";
import type { Lifetime } from "./lifetime.js";
import { failedMessages, iteratorOf, messagesOf, oneMessage, readerFailed } from "./messages.js";
import { createMetadata, type Metadata } from "./metadata.js";
import { Code, isFailureCode, type RpcStatus } from "./status.js";
import type { Messages, Reply } from "./types.js";

/** Headers and trailers of a reply. */
export interface ReplyMetadata {
  readonly header?: Metadata | undefined;
  readonly trailer?: Metadata | undefined;
}

/** Ends that are known not to reject: those the runtime made. */
const trusted = new WeakSet<Promise<RpcStatus>>();

function trust(done: Promise<RpcStatus>): Promise<RpcStatus> {
  trusted.add(done);
  return done;
}

/** A reply that an interceptor gave, with an end that does not reject whatever that interceptor made of it. */
export function trustworthy<O>(reply: Reply<O>): Reply<O> {
  if (trusted.has(reply.done)) return reply;
  const { header, messages, failed } = reply;
  return { header, messages, failed, done: trust(Promise.resolve(reply.done).catch((error) => statusOfError(error))) };
}

/** A promise for the end of a call, and what fulfils it. */
export function pendingStatus(): { readonly done: Promise<RpcStatus>; readonly finish: (status: RpcStatus) => void } {
  let finish: (status: RpcStatus) => void = () => {};
  const done = trust(new Promise<RpcStatus>((resolve) => (finish = resolve)));
  return { done, finish };
}

/** The status of success. */
export function okStatus(trailer: Metadata = createMetadata()): RpcStatus {
  return { code: Code.OK, message: "", details: [], trailer };
}

/** A reply with one message. */
export function okReply<O>(message: O, { header, trailer }: ReplyMetadata = {}): Reply<O> {
  return {
    header: header ?? createMetadata(),
    messages: oneMessage(message),
    done: trust(Promise.resolve(okStatus(trailer))),
    failed: undefined,
  };
}

/**
 * A reply that failed before its first message, from anything that was thrown. Without an error object where a
 * status is given, for its stack would cost more than the rest of the reply.
 */
export function failedReply<O>(failure: unknown, { header, trailer }: ReplyMetadata = {}): Reply<O> {
  const status = isFailedStatus(failure) ? failure : statusOfError(failure, trailer);
  let error: RpcError | undefined;
  return {
    header: header ?? createMetadata(),
    messages: failedMessages(() => (error ??= isFailure(failure) ? failure : errorOfStatus(status))),
    done: trust(Promise.resolve(status)),
    failed: status,
  };
}

/** A status of success is no failure: a layer that gives one has thrown, as it were, something strange. */
function isFailedStatus(value: unknown): value is RpcStatus {
  if (typeof value !== "object" || value === null || value instanceof Error) return false;
  return "trailer" in value && "code" in value && typeof value.code === "number" && isFailureCode(value.code);
}

/** What a streamed reply is made from. */
export interface StreamReplyInit<O> {
  readonly source: AsyncIterable<O> | Iterable<O>;
  readonly header: Metadata;
  /** Filled until the stream ends. */
  readonly trailer: Metadata;
  readonly lifetime: Lifetime;
}

/**
 * A reply whose messages come from an iterable. When the call is aborted it is over at once, whatever the iterable is
 * waiting for: a message that comes later is dropped, and the iterable is told to return.
 */
export function streamReply<O>({ source, header, trailer, lifetime }: StreamReplyInit<O>): Reply<O> {
  const { done, finish } = pendingStatus();
  const iterator = iteratorOf(source);
  let over = false;
  let interrupt: ((error: RpcError) => void) | undefined;
  let failure: RpcError | undefined;

  const end = (status: RpcStatus): void => {
    over = true;
    forget();
    finish(status);
  };
  const close = (): void => {
    // a generator that is in the middle of something returns when that is over; nobody waits for it
    try {
      void iterator.return?.()?.then(undefined, () => {});
    } catch {
      // an iterator of the user's
    }
  };
  const forget = lifetime.onAbort((reason) => {
    if (over) return;
    failure = reason;
    // `forget` is not there yet when the call was aborted before
    over = true;
    finish(statusOfError(reason, trailer));
    close();
    interrupt?.(reason);
  });

  const next = async (): Promise<IteratorResult<O, undefined>> => {
    if (over) {
      if (failure !== undefined) throw failure;
      return { done: true, value: undefined };
    }
    try {
      const step = await Promise.race([iterator.next(), new Promise<never>((_, reject) => (interrupt = reject))]);
      interrupt = undefined;
      if (failure !== undefined) throw failure;
      if (step.done !== true) return { done: false, value: step.value };
      end({ code: Code.OK, message: "", details: [], trailer });
      return { done: true, value: undefined };
    } catch (error) {
      if (failure !== undefined) throw failure;
      const status = statusOfError(error, trailer);
      failure = isFailure(error) ? error : errorOfStatus(status);
      end(status);
      throw failure;
    }
  };

  const leave = (error: unknown): void => {
    if (over) return;
    end(statusOfError(error, trailer));
    close();
  };
  const messages: Messages<O> = messagesOf<O>({
    [Symbol.asyncIterator]: (): AsyncIterator<O, undefined> & { [readerFailed](error: unknown): void } => ({
      next,
      async return() {
        leave(new RpcError(Code.CANCELLED, "the reader left"));
        return { done: true, value: undefined };
      },
      [readerFailed]: leave,
    }),
  });
  return { header, messages, done, failed: undefined };
}

/**
 * The reply, or a failed one as soon as the call is aborted; what comes later is dropped. Nobody can hold up a call
 * beyond its deadline. Never rejects.
 */
export function untilAborted<O>(lifetime: Lifetime, run: () => Promise<Reply<O>>): Promise<Reply<O>> {
  const { reason } = lifetime;
  if (reason !== undefined) return Promise.resolve(failedReply(reason));
  return new Promise((resolve) => {
    const forget = lifetime.onAbort((error) => resolve(failedReply(error)));
    run()
      .catch((error: unknown) => failedReply<O>(error))
      .then(
        (reply) => {
          forget();
          resolve(reply);
        },
        () => {},
      );
  });
}
