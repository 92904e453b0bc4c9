import { AsyncLocalStorage } from "node:async_hooks";
import { afterEach, describe, expect, test } from "vitest";
import { ambient, withAmbient } from "../../../src/runtime/context/index.js";
import { auth, bearer } from "../../../src/runtime/interceptors/index.js";
import { chain, type Interceptor } from "../../../src/runtime/rpc/index.js";
import { collect, transports, type Connected, type ConnectOptions, type EchoHandler } from "./echo.js";

const storage = new AsyncLocalStorage<readonly string[]>();
const path = (): string => (storage.getStore() ?? ["lost"]).join(">");

/** What ran where: `handler client>a>b`. */
let seen: string[] = [];
const note = (who: string): void => void seen.push(`${who} ${path()}`);

/** Enters a context of its own around everything within, and looks from every place a layer has. */
function layer(name: string): Interceptor {
  return async (call, next) => {
    const outside = storage.getStore() ?? [];
    return storage.run([...outside, name], async () => {
      const requests = call.requests.map((message) => (note(`${name}.request`), message));
      const reply = await next(call.change({ requests }));
      note(`${name}.reply`);
      await Promise.resolve();
      void reply.done.then(() => note(`${name}.done`));
      return { ...reply, messages: reply.messages.map((message) => (note(`${name}.response`), message)) };
    });
  };
}

const handler: EchoHandler = {
  async say(message) {
    await new Promise(setImmediate);
    note("handler");
    return message;
  },
  async *split(message) {
    for (let i = 0; i < 2; i++) {
      await new Promise(setImmediate);
      note("handler");
      yield message;
    }
    note("handler");
  },
  async join(messages) {
    for await (const _ of messages) note("handler");
    note("handler");
    return {};
  },
  async *chat(messages) {
    try {
      for await (const message of messages) {
        note("handler");
        yield message;
      }
    } finally {
      note("handler");
    }
  },
};

async function* requests(): AsyncGenerator<{ text: string }> {
  for (const text of ["a", "b"]) {
    await new Promise(setImmediate);
    note("requests");
    yield { text };
  }
  note("requests");
}

describe.each(transports)("over $id", ({ connect }) => {
  const open: Connected[] = [];
  afterEach(async () => {
    for (const { close } of open.splice(0).toReversed()) await close();
  });
  async function start<C>(of: Partial<EchoHandler<C>>, options: ConnectOptions): Promise<Connected> {
    const connected = await connect(of, options);
    open.push(connected);
    return connected;
  }

  test("M7, F2: contexts hold at every step of all four kinds, on both ends, in three layers each", async () => {
    const { client } = await start(handler, {
      server: chain().use(layer("s1")).use(layer("s2")).use(layer("s3")),
      chain: chain().use(layer("c1")).use(layer("c2")).use(layer("c3")),
    });
    const kinds: readonly (() => Promise<unknown>)[] = [
      () => client.say({ text: "a" }),
      async () => {
        for await (const _ of client.split({})) note("caller");
        note("caller");
      },
      () => client.join(requests()),
      async () => {
        for await (const _ of client.chat(requests())) note("caller");
        note("caller");
      },
    ];
    const wanted: Readonly<Record<string, string>> = {
      handler: "s1>s2>s3",
      requests: "client>c1>c2>c3",
      caller: "client",
      ...Object.fromEntries(
        ["c1", "client>c1", "c2", "client>c1>c2", "c3", "client>c1>c2>c3", "s1", "s1", "s2", "s1>s2", "s3", "s1>s2>s3"]
          .flatMap((value, i, all) => (i % 2 === 0 ? [[value, all[i + 1] ?? ""] as const] : []))
          .flatMap(([name, inside]) => ["request", "reply", "response", "done"].map((at) => [`${name}.${at}`, inside])),
      ),
    };
    for (const [i, call] of kinds.entries()) {
      seen = [];
      await storage.run(["client"], call);
      // the server's `done` may come after the client has everything
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(seen.length, `kind ${i}`).toBeGreaterThan(20);
      const wrong = seen.filter((line) => line !== `${line.split(" ")[0]} ${wanted[line.split(" ")[0] ?? ""]}`);
      expect([...new Set(wrong)], `kind ${i}`).toEqual([]);
    }
  });

  test("M7, F2: the identity that auth established reaches the layers of calls made inside, and goes on by opt-in", async () => {
    const verify = (token: string): { user: string; token: string } => ({ user: token.toUpperCase(), token });
    const users: (string | undefined)[] = [];
    const ambients: unknown[] = [];
    const inner = await start<{ user: string }>(
      {
        say(message, { user }) {
          users.push(user);
          return message;
        },
      },
      {
        server: chain().use(auth({ verify })),
        chain: chain().use(bearer(() => (ambient().identity as { token: string }).token)),
      },
    );
    const silent: string[] = [];
    const bystander = await start(
      {
        say(message, { metadata }) {
          silent.push(...[...metadata].map(([key]) => key));
          return message;
        },
      },
      {},
    );
    const outer = await start(
      {
        say: (message) => inner.client.say(message),
        async *split(message) {
          yield inner.client.say(message);
          ambients.push(ambient().identity);
          yield bystander.client.say(message);
        },
      },
      { server: chain().use(auth({ verify })), chain: chain().use(bearer("ada")) },
    );
    await outer.client.say({});
    await collect(outer.client.split({}));
    expect(users).toEqual(["ADA", "ADA"]);
    expect(ambients).toEqual([{ user: "ADA", token: "ada" }]);
    // nobody who was not meant to gets a token
    expect(silent).not.toContain("authorization");
    await withAmbient({}, () => bystander.client.say({}));
  });
});
