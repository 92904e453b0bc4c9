// Calls as the runtime itself makes them: what a reply is given to is a function, for a call goes through many hands,
// and promises between all of them would cost more than the rest of the call layer. Where code of users takes part,
// a layer or a transport of theirs, there is a promise and a plain reply, as the types say.

import { Ending, endingOf } from "./ending.js";
import { errorOfStatus, isFailure, statusOfError, type RpcError } from "./error.js";
import type { Lifetime } from "./lifetime.js";
import { failedMessages, oneMessage } from "./messages.js";
import { createMetadata, type Metadata } from "./metadata.js";
import { Code, isFailureCode, type RpcStatus } from "./status.js";
import type { Call, Messages, MethodImplementation, Reply } from "./types.js";

/** A reply in the hands of the runtime. Users get a plain object instead, of which they may make another by `...`. */
export class Answer<O> implements Reply<O> {
  readonly header: Metadata;
  readonly messages: Messages<O>;
  readonly ending: Ending;
  readonly failed: RpcStatus | undefined;

  constructor(header: Metadata, messages: Messages<O>, ending: Ending, failed?: RpcStatus) {
    this.header = header;
    this.messages = messages;
    this.ending = ending;
    this.failed = failed;
  }

  get done(): Promise<RpcStatus> {
    return this.ending.promise;
  }
}

/** What is done with a reply. It must not throw. */
export type Give<O> = (answer: Answer<O>) => void;

/** As {@link MethodImplementation}, without the promise: gives a reply once, maybe before it returns. Never throws. */
export type Start = <I, O>(call: Call<I, O, {}>, give: Give<O>) => void;

/** The functions that were made of others without a promise. */
const starts = new WeakMap<object, Start>();

/** The function for everybody, of which {@link startOf} gives the original. */
export function implementationOf(start: Start): MethodImplementation {
  const implementation: MethodImplementation = (call) =>
    new Promise((resolve) => start(call, (answer) => resolve(plainReply(answer))));
  starts.set(implementation, start);
  return implementation;
}

/** The original of a function, if {@link implementationOf} has made it. */
export function knownStart(implementation: object): Start | undefined {
  return starts.get(implementation);
}

/** A function of somebody else, which may throw, reject or give what is no reply. */
export function startOf(implementation: MethodImplementation): Start {
  return (
    starts.get(implementation) ??
    ((call, give) => {
      settle(() => implementation(call), give);
    })
  );
}

/** Gives what a function of somebody else resolves to, or a failed reply. */
export function settle<O>(run: () => Promise<Reply<O>>, give: Give<O>): void {
  try {
    Promise.resolve(run()).then(
      (reply) => give(answerOf(reply)),
      (error: unknown) => give(failedAnswer(error)),
    );
  } catch (error) {
    give(failedAnswer(error));
  }
}

/** What somebody gave for a reply, which may be anything: with an end that does not reject. */
export function answerOf<O>(reply: Reply<O>): Answer<O> {
  if (reply instanceof Answer) return reply as Answer<O>;
  try {
    if (isReply(reply)) return new Answer<O>(reply.header, reply.messages, endingOf(reply.done), reply.failed);
    throw new TypeError("an interceptor returned no reply");
  } catch (error) {
    return failedAnswer(error);
  }
}

function isReply(value: unknown): value is Reply<unknown> {
  return typeof value === "object" && value !== null && "messages" in value && "done" in value;
}

/** A reply for users. */
export function plainReply<O>({ header, messages, done, failed }: Answer<O>): Reply<O> {
  return { header, messages, done, failed };
}

/** Headers and trailers of a reply. */
export interface ReplyMetadata {
  readonly header?: Metadata | undefined;
  readonly trailer?: Metadata | undefined;
}

/** The status of success. */
export function okStatus(trailer: Metadata = createMetadata()): RpcStatus {
  return { code: Code.OK, message: "", details: [], trailer };
}

/** A reply with one message. `bytes`: what it is encoded. */
export function okAnswer<O>(message: O, { header, trailer }: ReplyMetadata = {}, bytes?: Uint8Array): Answer<O> {
  return new Answer(header ?? createMetadata(), oneMessage(message, bytes), new Ending(okStatus(trailer)));
}

/**
 * A reply that failed before its first message, from anything that was thrown. Without an error object where a
 * status is given, for its stack would cost more than the rest of the reply.
 */
export function failedAnswer<O>(failure: unknown, { header, trailer }: ReplyMetadata = {}): Answer<O> {
  const status = isFailedStatus(failure) ? failure : statusOfError(failure, trailer);
  let error: RpcError | undefined;
  const messages = failedMessages<O>(() => (error ??= isFailure(failure) ? failure : errorOfStatus(status)));
  return new Answer(header ?? createMetadata(), messages, new Ending(status), status);
}

/** A status of success is no failure: a layer that gives one has thrown, as it were, something strange. */
function isFailedStatus(value: unknown): value is RpcStatus {
  if (typeof value !== "object" || value === null || value instanceof Error) return false;
  return "trailer" in value && "code" in value && typeof value.code === "number" && isFailureCode(value.code);
}

/**
 * Gives the reply, or a failed one as soon as the call is aborted; what comes later is dropped. Nobody can hold up a
 * call beyond its deadline.
 */
export function untilAborted<O>(lifetime: Lifetime, give: Give<O>, run: (give: Give<O>) => void): void {
  if (lifetime.reason !== undefined) return give(failedAnswer(lifetime.reason));
  let given = false;
  const once = (answer: Answer<O>): void => {
    if (given) return;
    given = true;
    forget();
    give(answer);
  };
  const forget = lifetime.onAbort((reason) => once(failedAnswer(reason)));
  try {
    run(once);
  } catch (error) {
    once(failedAnswer(error));
  }
}
