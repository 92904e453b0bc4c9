import { sleep, type Clock } from "../context/index.js";
import { isRpcError, type CallContext, type RpcError } from "../rpc/index.js";
import type { RecordedCall } from "./recorded.js";

/** An answer that is a fixed one: a message, the messages of a stream, or a failure. */
export type FixedAnswer<OInit> = OInit | readonly OInit[] | RpcError;

/** An answer that depends on the call. */
export type AnswerFunction<I, OInit> = (
  call: RecordedCall<I>,
  context: CallContext,
) => FixedAnswer<OInit> | Promise<FixedAnswer<OInit>>;

/** How a method answers: fixed, with a delay or an interruption, or by a function of the call. */
export type TestAnswer<I, OInit> = FixedAnswer<OInit> | Planned<I, OInit> | AnswerFunction<I, OInit>;

/** What {@link delayed} and {@link interrupted} make. */
export interface Planned<I, OInit> {
  readonly [planned]: {
    readonly delayMs: number;
    readonly answer: TestAnswer<I, OInit>;
    readonly error: RpcError | undefined;
  };
}

const planned: unique symbol = Symbol("planned");

/** An answer that takes that long, by the clock of the transport; a call that is over by then gets none. */
export function delayed<I, OInit>(delayMs: number, answer: TestAnswer<I, OInit>): Planned<I, OInit> {
  return { [planned]: { delayMs, answer, error: undefined } };
}

/** A stream that fails after these messages. */
export function interrupted<I, OInit>(messages: readonly OInit[], error: RpcError): Planned<I, OInit> {
  return { [planned]: { delayMs: 0, answer: messages, error } };
}

/** The messages of an answer, then its failure. @throws {RpcError} the failure that an answer is. */
export async function* messagesOfAnswer<I, OInit>(
  answer: TestAnswer<I, OInit>,
  call: RecordedCall<I>,
  context: CallContext,
  clock: Clock,
): AsyncGenerator<OInit, void, undefined> {
  if (isPlanned<I, OInit>(answer)) {
    const plan = answer[planned];
    if (plan.delayMs > 0) await sleep(clock, plan.delayMs, context.signal);
    yield* messagesOfAnswer(plan.answer, call, context, clock);
    if (plan.error !== undefined) throw plan.error;
    return;
  }
  const fixed = isFunction(answer) ? await answer(call, context) : answer;
  if (isRpcError(fixed)) throw fixed;
  if (isList<OInit>(fixed)) yield* fixed;
  else yield fixed as OInit;
}

function isPlanned<I, OInit>(answer: unknown): answer is Planned<I, OInit> {
  return typeof answer === "object" && answer !== null && planned in answer;
}

/** Messages are objects: what can be called is none. */
function isFunction<I, OInit>(answer: TestAnswer<I, OInit>): answer is AnswerFunction<I, OInit> {
  return typeof answer === "function";
}

function isList<T>(value: unknown): value is readonly T[] {
  return Array.isArray(value);
}
