import { systemClock, sleep, type Clock } from "../context/index.js";
import {
  Code,
  implementService,
  isUnaryInput,
  isUnaryOutput,
  RpcError,
  type Call,
  type CallContext,
  type MethodImplementation,
  type MethodInfo,
  type Reply,
} from "../rpc/index.js";
import { createMemoryTransport, type MemoryTransport } from "../transports/memory.js";
import { messagesOfAnswer, type TestAnswer } from "./answers.js";
import { createRecorder, type RecordedCall } from "./recorded.js";

/** Settings of {@link createTestTransport}. */
export interface TestTransportOptions {
  /** What delays are measured by; the system's by default. Give clients the same one, for their deadlines. */
  readonly clock?: Clock | undefined;
  /** Milliseconds that every answer takes; 0 by default. */
  readonly latencyMs?: number | undefined;
}

/** A transport whose methods answer as a test says, and that remembers its calls. */
export interface TestTransport extends MemoryTransport {
  /**
   * Says how a method answers from now on, whoever was registered for it. Of several answers each is for one call, in
   * turn, and the last for all that follow. Where requests are a stream, a function is called when all have come.
   */
  answer<I, IInit, O, OInit>(
    method: MethodInfo<I, IInit, O, OInit>,
    ...answers: readonly [TestAnswer<I, OInit>, ...TestAnswer<I, OInit>[]]
  ): void;
  /** The calls so far, the latest 10,000, in the order in which they came in. */
  calls(): readonly RecordedCall[];
  /** The same of one method, typed. */
  calls<I, IInit, O, OInit>(method: MethodInfo<I, IInit, O, OInit>): readonly RecordedCall<I>[];
  /** What handlers threw that was no {@link RpcError}: bugs of theirs, of which callers only hear `INTERNAL`. */
  readonly failures: readonly unknown[];
  /** Forgets answers, calls and failures; what was registered stays. */
  reset(): void;
}

/**
 * A server within a test: everything a wire has (messages are encoded, deadlines and cancellation hold, metadata and
 * trailers travel), and answers that the test sets, method by method. Whole handlers are registered as with any server.
 *
 * @example
 * const transport = createTestTransport();
 * const users = createUserServiceClient(transport);
 * transport.answer(UserService.methods.getUser, { id: "1", name: "Ada" });
 * transport.answer(UserService.methods.listUsers, interrupted([{ id: "1" }], new RpcError(Code.UNAVAILABLE, "gone")));
 * await greet(users, "1");
 * expect(transport.calls(UserService.methods.getUser)[0]?.requests).toEqual([{ id: "1", email: "" }]);
 */
export function createTestTransport({ clock = systemClock, latencyMs = 0 }: TestTransportOptions = {}): TestTransport {
  let failures: unknown[] = [];
  const memory = createMemoryTransport({ onFailure: (cause) => failures.push(cause) });
  const recorder = createRecorder();
  const registered = new Map<string, MethodImplementation>();
  const answers = new Map<string, TestAnswer<unknown, unknown>[]>();
  const known = new Set<string>();

  /** Takes the calls of a method, which the memory transport can be told but once. */
  const take = (method: MethodInfo): void => {
    if (known.has(method.path)) return;
    known.add(method.path);
    const answering = implementAnswers(method);
    const choose: MethodImplementation = async (call) => {
      if (latencyMs > 0) await sleep(clock, latencyMs, call.context.signal).catch(() => {});
      const chosen = answers.has(method.path) ? answering : (registered.get(method.path) ?? answering);
      return chosen(call);
    };
    memory.register(
      { typeName: method.service, methods: { [method.name]: method } },
      new Map([[method.name, recorder.around(choose)]]),
    );
  };

  const next = (method: MethodInfo): TestAnswer<unknown, unknown> => {
    const waiting = answers.get(method.path);
    const first = waiting !== undefined && waiting.length > 1 ? waiting.shift() : waiting?.[0];
    return first ?? new RpcError(Code.UNIMPLEMENTED, `the test gives no answer for ${method.path}`);
  };

  /** A method whose handler gives what the test has set. */
  const implementAnswers = (method: MethodInfo): MethodImplementation => {
    const messages = async function* (input: unknown, context: CallContext): AsyncGenerator<unknown, void, undefined> {
      const answer = next(method);
      if (!isUnaryInput(method.kind)) for await (const _ of input as AsyncIterable<unknown>);
      const call = recorder.callOf(context);
      if (call !== undefined) yield* messagesOfAnswer(answer, call, context, clock);
    };
    const handler = isUnaryOutput(method.kind)
      ? async (input: unknown, context: CallContext) => onlyOne(method, messages(input, context))
      : messages;
    const service = { typeName: method.service, methods: { [method.name]: method } };
    const implementation = implementService(service, { [method.name]: handler }).get(method.name);
    if (implementation === undefined) throw new TypeError(`${method.path} has no name`);
    return implementation;
  };

  return {
    ...memory,
    id: "test",
    register(service, methods) {
      for (const method of Object.values(service.methods)) {
        const implementation = methods.get(method.name);
        if (implementation === undefined) continue;
        if (registered.has(method.path)) throw new Error(`${method.path} is registered already`);
        registered.set(method.path, implementation);
        take(method);
      }
    },
    call<I, O>(call: Call<I, O, {}>): Promise<Reply<O>> {
      take(call.method);
      return memory.call(call);
    },
    answer(method, ...given) {
      // sound because only calls of this method get to see them
      answers.set(method.path, [...given] as unknown as TestAnswer<unknown, unknown>[]);
    },
    calls: <I>(method?: { readonly path: string }) =>
      // sound because calls of a method have its requests
      recorder.calls.filter((call) => method === undefined || call.method.path === method.path) as RecordedCall<I>[],
    get failures() {
      return failures;
    },
    reset() {
      answers.clear();
      recorder.clear();
      failures = [];
    },
  };
}

async function onlyOne(method: MethodInfo, messages: AsyncIterable<unknown>): Promise<unknown> {
  const all: unknown[] = [];
  for await (const message of messages) all.push(message);
  if (all.length === 1) return all[0];
  throw new TypeError(`${method.path} answers with one message, the test gives ${all.length}`);
}
