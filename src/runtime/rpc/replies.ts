import { Answer, failedAnswer, okAnswer, plainReply, type ReplyMetadata } from "./answer.js";
import { Ending } from "./ending.js";
import { errorOfStatus, isFailure, RpcError, statusOfError } from "./error.js";
import type { Lifetime } from "./lifetime.js";
import { iteratorOf, messagesOf, readerFailed } from "./messages.js";
import type { Metadata } from "./metadata.js";
import { Code, type RpcStatus } from "./status.js";
import type { Messages, Reply } from "./types.js";

/** A promise for the end of a call, and what fulfils it. */
export function pendingStatus(): { readonly done: Promise<RpcStatus>; readonly finish: (status: RpcStatus) => void } {
  const ending = new Ending();
  return { done: ending.promise, finish: (status) => ending.finish(status) };
}

/** A reply with one message. */
export function okReply<O>(message: O, metadata?: ReplyMetadata): Reply<O> {
  return plainReply(okAnswer(message, metadata));
}

/** A reply that failed before its first message, from anything that was thrown, or from a status. */
export function failedReply<O>(failure: unknown, metadata?: ReplyMetadata): Reply<O> {
  return plainReply(failedAnswer(failure, metadata));
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
export function streamAnswer<O>({ source, header, trailer, lifetime }: StreamReplyInit<O>): Answer<O> {
  const ending = new Ending();
  const iterator = iteratorOf(source);
  let over = false;
  let interrupt: ((error: RpcError) => void) | undefined;
  let failure: RpcError | undefined;

  const end = (status: RpcStatus): void => {
    over = true;
    forget();
    ending.finish(status);
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
    ending.finish(statusOfError(reason, trailer));
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
  return new Answer(header, messages, ending);
}

/** The same as a plain reply. */
export function streamReply<O>(init: StreamReplyInit<O>): Reply<O> {
  return plainReply(streamAnswer(init));
}
