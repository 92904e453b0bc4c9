import {
  chain,
  composeChain,
  createCall,
  createMetadata,
  failedReply,
  okReply,
  oneMessage,
  streamReply,
  lifetimeOf,
  type Call,
  type Code,
  type Interceptor,
  type MethodImplementation,
  type MethodInfo,
  type MethodKind,
  type Messages,
  type Reply,
  type RpcStatus,
} from "../../../src/runtime/rpc/index.js";
import { Echo } from "../../behaviour/rpc/echo.js";
import { createFakeClock, type FakeClock } from "../queue/support.js";

/** Uniform numbers that are the same in every run (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const names = { unary: "say", server_streaming: "split", client_streaming: "join", bidi_streaming: "chat" } as const;

/** A method of that kind which the contract calls idempotent, with more said about it. */
export function methodOf(kind: MethodKind = "unary", more: Partial<MethodInfo> = {}): MethodInfo {
  return { ...Echo.methods[names[kind]], idempotency: "idempotent", ...more };
}

/** A failure as it comes from a server. */
export function failed(code: Code, trailer: Record<string, string> = {}): RpcStatus {
  return { code, message: "as told", details: [], trailer: createMetadata(trailer) };
}

/** One attempt as the server saw it. */
export interface SeenAttempt {
  /** Milliseconds since the call began. */
  readonly at: number;
  readonly previous: string | undefined;
  readonly call: Call<unknown, unknown, {}>;
}

/** What the server does with an attempt: fails, answers, or something of its own. */
export type Outcome =
  RpcStatus | "ok" | "never" | ((call: Call<unknown, unknown, {}>) => Promise<Reply<unknown>> | Reply<unknown>);

export interface Backend {
  readonly clock: FakeClock;
  readonly seen: SeenAttempt[];
  /** When attempts came, since the first. */
  readonly times: () => number[];
  /** Makes a call through the layers and gives its reply. */
  call(init?: CallInit): Promise<Reply<unknown>>;
}

export interface CallInit {
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
  readonly requests?: Messages<unknown>;
  readonly metadata?: Record<string, string>;
  readonly side?: "client" | "server";
}

/** A method behind layers whose server does one thing after the other, and the last from then on. */
export function backendOf(
  layers: (clock: FakeClock) => readonly Interceptor[],
  outcomes: readonly Outcome[],
  method: MethodInfo = methodOf(),
): Backend {
  const clock = createFakeClock();
  const seen: SeenAttempt[] = [];
  let began = clock.now();
  const core: MethodImplementation = async <I, O>(call: Call<I, O, {}>): Promise<Reply<O>> => {
    // sound because the test gives messages of any type
    const untyped = call as unknown as Call<unknown, unknown, {}>;
    const { metadata } = call.context;
    seen.push({ at: clock.now() - began, previous: metadata.get("grpc-previous-rpc-attempts"), call: untyped });
    const outcome = outcomes[Math.min(seen.length, outcomes.length) - 1] ?? "ok";
    return (await answer(outcome, untyped)) as Reply<O>;
  };
  const all = layers(clock).reduce((built, layer) => built.use(layer), chain());
  const implementation = composeChain(all.layers, method, core);
  return {
    clock,
    seen,
    times: () => seen.map(({ at }) => at),
    call({ deadlineMs, signal, requests = oneMessage({ text: "a" }), metadata, side = "client" } = {}) {
      began = clock.now();
      const deadline = deadlineMs === undefined ? undefined : clock.now() + deadlineMs;
      return implementation(
        createCall<unknown, unknown>({ method, requests, deadline, signal, metadata, clock, side }),
      );
    },
  };
}

async function answer(outcome: Outcome, call: Call<unknown, unknown, {}>): Promise<Reply<unknown>> {
  if (typeof outcome === "function") return outcome(call);
  if (outcome === "ok") return okReply({ text: "ok", count: 0 });
  if (outcome === "never") {
    return new Promise((resolve) => lifetimeOf(call).onAbort((reason) => resolve(failedReply(reason))));
  }
  return failedReply(outcome);
}

/** A reply whose messages come from an iterable. */
export function streaming(
  source: AsyncIterable<unknown> | Iterable<unknown>,
): (call: Call<unknown, unknown, {}>) => Reply<unknown> {
  return (call) =>
    streamReply({ source, header: createMetadata(), trailer: createMetadata(), lifetime: lifetimeOf(call) });
}
