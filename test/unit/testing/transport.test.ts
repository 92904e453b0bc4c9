import { describe, expect, test } from "vitest";
import {
  chain,
  Code,
  createMetadata,
  createServiceClient,
  implementService,
  RpcError,
  type Interceptor,
} from "../../../src/runtime/rpc/index.js";
import {
  createTestClock,
  createTestRandom,
  createTestTransport,
  delayed,
  interrupted,
  type TestTransport,
} from "../../../src/runtime/testing/index.js";
import { collect, Echo, echo, rejection, type EchoClient } from "../../behaviour/rpc/echo.js";

const { say, split, join, chat } = Echo.methods;

function connect(clock = createTestClock()): { transport: TestTransport; client: EchoClient; clock: typeof clock } {
  const transport = createTestTransport({ clock });
  return { transport, clock, client: createServiceClient<EchoClient>(Echo, transport, { clock }) };
}

describe("createTestTransport", () => {
  test("fixed answers, of all four kinds, whole as from a wire", async () => {
    const { transport, client } = connect();
    transport.answer(say, { text: "hello" });
    transport.answer(split, [{ text: "a" }, { count: 2 }]);
    transport.answer(join, { count: 3 });
    transport.answer(chat, []);
    expect(await client.say({ text: "x" })).toEqual({ text: "hello", count: 0 });
    expect(await collect(client.split({}))).toEqual([
      { text: "a", count: 0 },
      { text: "", count: 2 },
    ]);
    expect(await client.join([{ text: "1" }, { text: "2" }])).toEqual({ text: "", count: 3 });
    expect(await collect(client.chat([{}]))).toEqual([]);
    expect(
      transport.calls().map(({ method, requests, status }) => [method.name, requests.length, status?.code]),
    ).toEqual([
      ["Say", 1, Code.OK],
      ["Split", 1, Code.OK],
      ["Join", 2, Code.OK],
      ["Chat", 1, Code.OK],
    ]);
    expect(transport.calls(join)[0]?.requests.map(({ text }) => text)).toEqual(["1", "2"]);
  });

  test("several answers in turn, the last of them stays; failures with all they carry", async () => {
    const { transport, client } = connect();
    const down = new RpcError(Code.UNAVAILABLE, "down", { metadata: createMetadata({ "x-why": "test" }) });
    transport.answer(say, down, { text: "1" }, { text: "2" });
    const error = await rejection(client.say({}));
    expect(error).toMatchObject({ code: Code.UNAVAILABLE, message: "down" });
    expect((error as RpcError).metadata.get("x-why")).toBe("test");
    expect([await client.say({}), await client.say({}), await client.say({})].map(({ text }) => text)).toEqual([
      "1",
      "2",
      "2",
    ]);
    expect(transport.calls(say).map(({ status }) => status?.code)).toEqual([
      Code.UNAVAILABLE,
      Code.OK,
      Code.OK,
      Code.OK,
    ]);
  });

  test("functions see the call; headers and trailers travel", async () => {
    const { transport, client } = connect();
    transport.answer(say, ({ requests, metadata }, { header }) => {
      header.set("x-seen", metadata.get("x-sent") ?? "");
      return { text: `${requests[0]?.text}!` };
    });
    transport.answer(join, async ({ requests }) => ({ count: requests.length }));
    let seen: string | undefined;
    const options = {
      metadata: { "x-sent": "yes" },
      onHeader: (header: { get(key: string): string | undefined }) => (seen = header.get("x-seen")),
    };
    expect(await client.say({ text: "hi" }, options)).toMatchObject({ text: "hi!" });
    expect(seen).toBe("yes");
    expect(await client.join([{}, {}, {}])).toMatchObject({ count: 3 });
  });

  test("a stream that is interrupted: first its messages, then its failure", async () => {
    const { transport, client } = connect();
    transport.answer(split, interrupted([{ text: "a" }], new RpcError(Code.DATA_LOSS, "cut")));
    const got: string[] = [];
    const error = await rejection(
      (async () => {
        for await (const { text } of client.split({})) got.push(text);
      })(),
    );
    expect(got).toEqual(["a"]);
    expect(error).toMatchObject({ code: Code.DATA_LOSS, message: "cut" });
  });

  test("delays and deadlines by the clock of the test", async () => {
    const { transport, client, clock } = connect();
    transport.answer(say, delayed(400, { text: "late" }));
    const intime = client.say({}, { timeoutMs: 500 });
    await clock.pass(399);
    expect(transport.calls(say)[0]).toMatchObject({ status: undefined, deadline: clock.now() + 101 });
    await clock.pass(1);
    expect(await intime).toMatchObject({ text: "late" });
    const late = rejection(client.say({}, { timeoutMs: 300 }));
    await clock.pass(300);
    expect(await late).toMatchObject({ code: Code.DEADLINE_EXCEEDED });
    expect(transport.calls(say)[1]?.status?.code).toBe(Code.DEADLINE_EXCEEDED);
    const left = new AbortController();
    const cancelled = rejection(client.say({}, { signal: left.signal }));
    await clock.pass(1);
    left.abort();
    expect(await cancelled).toMatchObject({ code: Code.CANCELLED });
    await clock.pass(0);
    expect(transport.calls(say)[2]?.status?.code).toBe(Code.CANCELLED);
    // nothing is left behind
    expect(clock.timers).toBe(0);
  });

  test("latency for all, also those that are registered", async () => {
    const clock = createTestClock();
    const transport = createTestTransport({ clock, latencyMs: 50 });
    transport.register(Echo, implementService(Echo, echo));
    const client = createServiceClient<EchoClient>(Echo, transport, { clock });
    let done = false;
    const call = client.say({ text: "a" }).then((note) => ((done = true), note));
    await clock.pass(49);
    expect(done).toBe(false);
    await clock.pass(1);
    expect(await call).toMatchObject({ text: "a" });
  });

  test("whole handlers, of which single methods are replaced; what they throw is kept", async () => {
    const { transport, client } = connect();
    transport.register(
      Echo,
      implementService(Echo, {
        ...echo,
        say() {
          throw new TypeError("broken");
        },
      }),
    );
    expect(() => transport.register(Echo, implementService(Echo, echo))).toThrow("registered already");
    expect(await rejection(client.say({}))).toMatchObject({ code: Code.INTERNAL, message: "internal error" });
    expect(transport.failures).toMatchObject([{ message: "broken" }]);
    transport.answer(say, { text: "instead" });
    expect(await client.say({})).toMatchObject({ text: "instead" });
    expect(await client.join([{ text: "x" }])).toEqual({ text: "x", count: 1 });
    transport.reset();
    expect([transport.calls(), transport.failures]).toEqual([[], []]);
    expect(await rejection(client.say({}))).toMatchObject({ code: Code.INTERNAL });
  });

  test("a method without an answer says so, and a wrong number of messages is the test's own fault", async () => {
    const { transport, client } = connect();
    expect(await rejection(client.say({}))).toMatchObject({
      code: Code.UNIMPLEMENTED,
      message: "the test gives no answer for /wirespan.test.v1.Echo/Say",
    });
    transport.answer(say, [{}, {}]);
    expect(await rejection(client.say({}))).toMatchObject({ code: Code.INTERNAL });
    expect(transport.failures).toMatchObject([
      { message: "/wirespan.test.v1.Echo/Say answers with one message, the test gives 2" },
    ]);
    expect(transport.calls(say)).toHaveLength(2);
  });

  test("a layer that tries again is seen as several calls", async () => {
    const transport = createTestTransport();
    const again: Interceptor = async (call, next) => {
      const reply = await next(call);
      return reply.failed === undefined ? reply : next(call);
    };
    const client = createServiceClient<EchoClient>(Echo, transport, { chain: chain().use(again) });
    transport.answer(say, new RpcError(Code.UNAVAILABLE, "down"), { text: "up" });
    expect(await client.say({ text: "q" })).toMatchObject({ text: "up" });
    expect(transport.calls(say).map(({ requests }) => requests)).toEqual([
      [{ text: "q", count: 0 }],
      [{ text: "q", count: 0 }],
    ]);
  });

  test("types: answers and requests are those of the method", () => {
    const { transport } = connect();
    transport.answer(say, { text: "a" });
    // @ts-expect-error: no such field
    transport.answer(say, { words: "a" });
    // @ts-expect-error: a function gives such a message too
    transport.answer(say, () => ({ text: 1 }));
    const text: string | undefined = transport.calls(say)[0]?.requests[0]?.text;
    expect(text).toBeUndefined();
  });
});

test("createTestClock: timers run in order, each at its own time, and what they start within that time too", async () => {
  const clock = createTestClock(1_000);
  const seen: (readonly [string, number])[] = [];
  const note = (name: string) => () => void seen.push([name, clock.now()]);
  clock.after(20, note("b"));
  clock.after(10, () => {
    note("a")();
    clock.after(5, note("a+5"));
  });
  clock.after(20, note("c"));
  const cancel = clock.after(15, note("never"));
  cancel();
  await clock.pass(19);
  expect(seen).toEqual([
    ["a", 1_010],
    ["a+5", 1_015],
  ]);
  await clock.pass(1);
  expect(seen.slice(2)).toEqual([
    ["b", 1_020],
    ["c", 1_020],
  ]);
  expect([clock.now(), clock.timers]).toEqual([1_020, 0]);
});

test("createTestRandom: the same for a seed, uniform, another for another seed", () => {
  const take = (seed: number | string, count = 5): number[] => {
    const random = createTestRandom(seed);
    return Array.from({ length: count }, random);
  };
  expect(take(7)).toEqual(take(7));
  expect(take("a")).not.toEqual(take("b"));
  const many = take(3, 100_000);
  expect(many.reduce((sum, value) => sum + value, 0) / many.length).toBeCloseTo(0.5, 2);
  const tenths = Array.from({ length: 10 }, (_, i) => many.filter((value) => Math.floor(value * 10) === i).length);
  expect(Math.min(...tenths)).toBeGreaterThan(9_600);
  expect(Math.max(...tenths)).toBeLessThan(10_400);
});
