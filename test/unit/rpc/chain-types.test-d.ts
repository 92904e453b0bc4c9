// What the compiler knows about chains. Checked by tsc; each @ts-expect-error is a mistake that must stay one.
import {
  auth,
  clientChain,
  deadline,
  logging,
  metrics,
  createMetrics,
  recovery,
  serverChain,
  split,
  tracing,
} from "../../../src/runtime/interceptors/index.js";
import {
  chain,
  codeName,
  createServiceClient,
  overridePolicies,
  serviceChain,
  type CallContext,
  type Chain,
  type ClientOptions,
  type ImplementOptions,
  type Interceptor,
  type ServeOptions,
  type ServiceRegistry,
  type Transport,
} from "../../../src/runtime/rpc/index.js";
import { Echo, type EchoClient, type EchoHandler, type Note, type NoteInit } from "../../behaviour/rpc/echo.js";

export const log: Interceptor = async (call, next) => {
  const reply = await next(call);
  void reply.done.then(({ code }) => console.log(call.method.path, codeName(code)));
  return reply;
};
export const user: Interceptor<{ user: string }> = async (call, next) => next(call.with({ user: "u" }));
export const perUser: Interceptor<{ quota: number }, { user: string }> = async (call, next) =>
  next(call.with({ quota: call.context.user.length }));
export const reader: Interceptor<{}, { user: string; quota: number }> = async (call, next) => {
  const total: number = call.context.user.length + call.context.quota;
  return total > 0 ? next(call) : next(call.change({ deadline: 0 }));
};

export const all: Chain<{ user: string } & { quota: number }> = chain()
  .use(log)
  .use(user)
  .use(perUser)
  .use(log)
  .use(reader);

// @ts-expect-error: nobody outside of it adds the user it needs
export const unmet = chain().use(perUser);
// @ts-expect-error: for some methods only, so that the user may be missing
export const partial = chain().use(user, "/acme.*").use(perUser);
// @ts-expect-error: it promises a user and adds none
export const lazy: Interceptor<{ user: string }> = async (call, next) => next(call);
// @ts-expect-error: it adds something else than it promises
export const wrong: Interceptor<{ user: string }> = async (call, next) => next(call.with({ user: 1 }));
// @ts-expect-error: every context has a signal of its own
export const forged: Interceptor = async (call, next) => next(call.with({ signal: "mine" }));
// @ts-expect-error: and its own metadata
export const forgedClaims = auth({ verify: () => ({ user: "ada", metadata: {} }) });
export declare const claimsOf: (token: string) => Promise<{ sub: string; [claim: string]: unknown }>;
export const safeClaims: Interceptor<{ claims: { [claim: string]: unknown } }> = auth({
  verify: async (token) => ({ claims: await claimsOf(token) }),
});
// public methods: nothing may be known of a caller, unless there is something in its place
export const anybody: Interceptor<{ user?: string }> = auth({ verify: () => ({ user: "ada" }), public: "contract" });
// @ts-expect-error: in public methods there is no user
export const unsafe: Interceptor<{ user: string }> = auth({ verify: () => ({ user: "ada" }), public: "contract" });
export const guests: Interceptor<{ user: string }> = auth({
  verify: () => ({ user: "ada" }),
  public: "contract",
  anonymous: { user: "guest" },
});
export const target: Interceptor<{ readonly target: string }> = split({});
export const needsTarget: Interceptor<{}, { target: string }> = async (call, next) =>
  call.context.target === "" ? next(call) : next(call);
export const targeted = chain().use(split({})).use(needsTarget);
// @ts-expect-error: nobody has chosen a target
export const untargeted = chain().use(needsTarget);
export interface Session {
  readonly user: string;
  readonly roles?: readonly string[];
}
export declare const sessionOf: (token: string) => Session | Promise<Session>;
export const session: Interceptor<Session> = auth({ verify: sessionOf });
// @ts-expect-error: an interceptor gives a reply
export const silent: Interceptor = async (call, next) => void (await next(call));

/** As generated code declares it. */
export declare function registerEcho(registry: ServiceRegistry, handler: EchoHandler): void;
export declare function registerEcho<C>(
  registry: ServiceRegistry,
  handler: EchoHandler<NoInfer<C>>,
  options: ServeOptions<C>,
): void;
declare const registry: ServiceRegistry;
declare const options: ServeOptions<{ user: string }>;
export const fits: ImplementOptions = options;

const rest: Omit<EchoHandler, "say"> = {
  async *split() {},
  join: () => ({}),
  async *chat() {},
};

registerEcho(registry, { ...rest, say: (note) => note });
registerEcho(registry, { ...rest, say: async (note) => ({ text: note.text }) });
// a handler knows what its chain adds, without annotations
registerEcho(
  registry,
  { ...rest, say: (note, { user, quota }) => ({ text: user, count: quota + note.count }) },
  { chain: all },
);

class Impl {
  async say(note: Note, { user }: CallContext & { user: string }): Promise<NoteInit> {
    return { text: note.text + user };
  }
  async *split(): AsyncGenerator<NoteInit> {}
  join(): NoteInit {
    return {};
  }
  async *chat(): AsyncGenerator<NoteInit> {}
}
registerEcho(registry, new Impl(), { chain: all });

class Plain implements EchoHandler {
  say(note: Note): NoteInit {
    return note;
  }
  async *split(): AsyncGenerator<NoteInit> {}
  join(): NoteInit {
    return {};
  }
  async *chat(notes: AsyncIterable<Note>): AsyncGenerator<NoteInit> {
    yield* notes;
  }
}
registerEcho(registry, new Plain());
registerEcho(registry, new Plain(), { chain: all });

registerEcho(registry, {
  ...rest,
  // @ts-expect-error: the handler needs a user, and there is no chain
  say: (note: Note, { user }: CallContext & { user: string }) => ({ ...note, text: user }),
});
// @ts-expect-error: the same for a class
registerEcho(registry, new Impl());
// @ts-expect-error: the chain does not add a user
registerEcho(registry, new Impl(), { chain: chain().use(log) });
// @ts-expect-error: the chain adds it for some methods only
registerEcho(registry, new Impl(), { chain: chain().use(user, /Say$/) });
// @ts-expect-error: a method is missing
registerEcho(registry, { split: rest.split, join: rest.join, chat: rest.chat });
// @ts-expect-error: the answer has other fields
registerEcho(registry, { ...rest, say: () => ({ text: 1 }) });

/** As generated code declares it. */
export declare function createEchoClient(
  transport: Transport,
  options?: ClientOptions<keyof typeof Echo.methods>,
): EchoClient;
declare const transport: Transport;
declare const untyped: ClientOptions;
createEchoClient(transport, { timeoutMs: { say: 500, join: undefined } });
createEchoClient(transport, { timeoutMs: 500, chain: all });
createEchoClient(transport, untyped);
createServiceClient<EchoClient>(Echo, transport, { timeoutMs: { say: 500 } });
// @ts-expect-error: there is no such method
createEchoClient(transport, { timeoutMs: { sya: 500 } });
// @ts-expect-error: a timeout is a number
createEchoClient(transport, { timeoutMs: { say: "500" } });

// the chain of one service: methods by name, checked
export const own = serviceChain(Echo)
  .use(recovery())
  .use(tracing())
  .use(metrics({ meter: createMetrics() }))
  .use(logging(), ["say", "chat"])
  .use(deadline({ defaultMs: 1_000 }), /Say$/)
  .use(log, "join")
  .use(log, ({ kind }) => kind === "unary")
  .use(auth({ verify: (token) => ({ user: token }) }));
registerEcho(registry, { ...rest, say: (_, { user }) => ({ text: user }) }, { chain: own });

// @ts-expect-error: there is no such method
serviceChain(Echo).use(log, "sya");
// @ts-expect-error: nor such a one
serviceChain(Echo).use(log, ["say", "tell"]);

const open = serviceChain(Echo).use(
  auth({ verify: (token) => ({ user: token }), public: "/wirespan.test.v1.Echo/Say" }),
);
registerEcho(registry, { ...rest, say: (_, { user }) => ({ text: user ?? "nobody" }) }, { chain: open });
// @ts-expect-error: in public methods there is no user
registerEcho(registry, { ...rest, say: (_, { user }) => ({ text: user.trim() }) }, { chain: open });

// a default chain adds what its auth adds
registerEcho(
  registry,
  { ...rest, say: (note, { user }) => ({ text: user + note.text }) },
  { chain: serverChain(Echo, { auth: user, logging: log }) },
);
const anonymous = serverChain(Echo, { logging: log });
// @ts-expect-error: without auth there is no user
registerEcho(registry, { ...rest, say: (_, { user }) => ({ text: user }) }, { chain: anonymous });
// @ts-expect-error: no such layer
export const unknownLayer = clientChain(Echo, { loging: log });
// @ts-expect-error: no such method
export const unknownMethod = overridePolicies(Echo, { shout: { timeoutMs: 1 } });
