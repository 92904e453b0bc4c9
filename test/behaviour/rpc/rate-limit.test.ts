import { afterEach, describe, expect, test } from "vitest";
import { createVirtualClock } from "../../../bench/lib/virtual-time.js";
import { RetryInfo } from "../../../src/runtime/errors/index.js";
import { createGateway } from "../../../src/runtime/gateway/index.js";
import { auth, rateLimit, shed, type RateLimitOptions } from "../../../src/runtime/interceptors/index.js";
import {
  chain,
  Code,
  createServiceClient,
  findDetail,
  implementService,
  retryInfoDetail,
  RpcError,
  type Interceptor,
  type LimitPolicy,
} from "../../../src/runtime/rpc/index.js";
import { createHttp2Server, createHttp2Transport } from "../../../src/runtime/transports/http2.js";
import { createMemoryTransport } from "../../../src/runtime/transports/memory.js";
import { emitUsers, createUsers, serveGateway } from "../gateway/users.js";
import { Echo, echo, rejection, transports, type Connected, type EchoClient } from "./echo.js";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function codes(count: number, call: () => Promise<unknown>): Promise<string> {
  let found = "";
  for (let i = 0; i < count; i++) {
    const code = await call().then(
      () => Code.OK,
      (error: unknown) => RpcError.from(error).code,
    );
    found += code === Code.OK ? "+" : code === Code.RESOURCE_EXHAUSTED ? "-" : `(${code})`;
  }
  return found;
}

/** A client in process of a service whose methods have a policy, behind layers. */
function clientOf(limit: LimitPolicy, ...layers: Interceptor[]): EchoClient {
  const methods = Object.fromEntries(
    Object.entries(Echo.methods).map(([key, method]) => [key, { ...method, policy: { limit } }]),
  );
  const service = { typeName: Echo.typeName, methods };
  const transport = createMemoryTransport({ onFailure: () => {} });
  const all = layers.reduce((list, layer) => list.use(layer), chain());
  transport.register(service, implementService(service, echo, { chain: all }));
  return createServiceClient<EchoClient>(service, transport);
}

const still = (options: RateLimitOptions = {}): Interceptor => rateLimit({ clock: createVirtualClock(), ...options });

describe.each(transports)("over $id", ({ connect }) => {
  test("M12: what is beyond the rate is RESOURCE_EXHAUSTED and says when to come again", async () => {
    const clock = createVirtualClock();
    const connected: Connected = await connect(echo, {
      server: chain().use(rateLimit({ rate: 10, burst: 5, clock })),
    });
    open.push(connected);
    const { client } = connected;
    expect(await codes(6, () => client.say({}))).toBe("+++++-");
    const error = RpcError.from(await rejection(client.say({})));
    expect(error.message).toBe("too many calls of /wirespan.test.v1.Echo/Say");
    expect(findDetail(error, RetryInfo)?.retryDelay).toMatchObject({ seconds: 0n, nanos: 100_000_000 });
    clock.advance(100);
    expect(await codes(2, () => client.say({}))).toBe("+-");
    clock.advance(10_000);
    expect(await codes(6, () => client.say({}))).toBe("+++++-");
    // each method is limited for itself
    expect(await codes(1, () => client.join([{}]))).toBe("+");
  });
});

test("M12: peers are told apart by address, not by port", async () => {
  const server = createHttp2Server();
  const layers = chain().use(still({ rate: 1, burst: 2, key: "peer" }));
  server.register(Echo, implementService(Echo, echo, { chain: layers }));
  const { address } = await server.listen("127.0.0.1:0");
  const all = [1, 2].map(() => createHttp2Transport(address));
  open.push(...all, { close: () => server.close(1_000) });
  const [one, two] = all.map((transport) => createServiceClient<EchoClient>(Echo, transport));
  expect([await codes(1, () => one!.say({})), await codes(3, () => two!.say({}))]).toEqual(["+", "+--"]);
});

describe("M12: limits by a claim of the caller's token", () => {
  const verify = (token: string): { claims: { org: string; seats: number } } => ({
    claims: { org: token, seats: token.length },
  });
  const as = (client: EchoClient, org: string) => () =>
    client.say({}, { metadata: { authorization: `Bearer ${org}` } });

  test.each(["org", "seats"])("callers with another %s have a bucket of their own", async (claim) => {
    const client = clientOf({ rate: 1, burst: 2, key: { claim } }, auth({ verify }), still());
    expect(await codes(3, as(client, "acme"))).toBe("++-");
    expect(await codes(3, as(client, "initech"))).toBe("++-");
    expect(await codes(1, as(client, "acme"))).toBe("-");
  });

  test("who has no such claim is counted by address", async () => {
    const client = clientOf({ rate: 1, burst: 2, key: { claim: "__proto__" } }, auth({ verify }), still());
    expect([await codes(1, as(client, "acme")), await codes(2, as(client, "initech"))]).toEqual(["+", "+-"]);
  });

  test("the layer before auth leaves them to the one behind it, and the other way round", async () => {
    const around = (key: LimitPolicy["key"] & {}): EchoClient =>
      clientOf(
        { rate: 1, burst: 2, key },
        still({ stage: "admission" }),
        auth({ verify }),
        still({ stage: "identity" }),
      );
    const claims = around({ claim: "org" });
    // refused calls without a token did not use up anything
    expect(await codes(5, () => claims.say({}))).toBe("(16)".repeat(5));
    expect([await codes(3, as(claims, "a")), await codes(3, as(claims, "b"))]).toEqual(["++-", "++-"]);
    const methods = around("method");
    expect(await codes(3, () => methods.say({}))).toBe("(16)(16)-");
  });
});

test("M12: a layer that counts by a function does so wherever it is put", async () => {
  for (const stage of ["admission", "identity"] as const) {
    const client = clientOf({ rate: 1, burst: 2 }, still({ stage, key: () => "everybody" }));
    expect(await codes(4, () => client.say({}))).toBe("++--");
  }
});

test("M12: a rate of the program's own does not take the contract's burst with it", async () => {
  const client = clientOf({ rate: 1, burst: 1 }, still({ rate: 5 }));
  expect(await codes(6, () => client.say({}))).toBe("+++++-");
});

test("M12: a function gives the whole key, across methods; long ones are cut, and still told apart", async () => {
  const client = clientOf({ rate: 1, burst: 2 }, still({ key: ({ metadata }) => metadata.get("x-tenant") ?? "" }));
  const as = (tenant: string) => ({ metadata: { "x-tenant": tenant } });
  await client.say({}, as("a"));
  await client.join([{}], as("a"));
  expect(await codes(1, () => client.say({}, as("a")))).toBe("-");
  const long = "x".repeat(5_000);
  expect(await codes(3, () => client.say({}, as(`${long}1`)))).toBe("++-");
  expect(await codes(3, () => client.say({}, as(`${long}2`)))).toBe("++-");
});

describe("M12: the contract's policy", () => {
  test.each([
    ["as it says", { rate: 1, burst: 3 }, {}, "+++-"],
    ["a burst for it at run time", { rate: 1, burst: 3 }, { burst: 1 }, "+---"],
    ["a rate alone allows a second's worth at once", { rate: 2 }, {}, "++--"],
    ["less than one a second still lets one pass", { rate: 0.1 }, {}, "+---"],
    ["without a rate nothing is limited", { concurrency: 5 }, {}, "++++"],
  ] as const)("%s", async (_, policy, options, expected) => {
    const client = clientOf(policy, still(options));
    expect(await codes(4, () => client.say({}))).toBe(expected);
  });

  test("numbers that make no sense are heard of when the chain is put together", () => {
    expect(() => clientOf({ rate: -1 }, rateLimit())).toThrow("rate must be a number above 0, not -1");
  });
});

test("M12: calls that come in by several ways count together", async () => {
  const layers = chain().use(still({ rate: 1, burst: 3 }));
  const clients = [1, 2].map(() => {
    const transport = createMemoryTransport();
    transport.register(Echo, implementService(Echo, echo, { chain: layers }));
    return createServiceClient<EchoClient>(Echo, transport);
  });
  expect([await codes(2, () => clients[0]!.say({})), await codes(2, () => clients[1]!.say({}))]).toEqual(["++", "+-"]);
});

describe("M12: buckets elsewhere", () => {
  test("the call waits for them in its own context, and is failed when it is aborted meanwhile", async () => {
    let answer: (waitMs: number) => void = () => {};
    const asked: string[] = [];
    const take = (key: string): Promise<number> => {
      asked.push(key);
      return new Promise((resolve) => (answer = resolve));
    };
    const client = clientOf({ rate: 1 }, rateLimit({ buckets: { take } }));
    const passed = client.say({ text: "a" });
    await new Promise((resolve) => setImmediate(resolve));
    answer(0);
    expect(await passed).toMatchObject({ text: "a" });
    const refused = rejection(client.say({}));
    await new Promise((resolve) => setImmediate(resolve));
    answer(1_500);
    const error = RpcError.from(await refused);
    expect([error.code, findDetail(error, RetryInfo)?.retryDelay]).toMatchObject([
      Code.RESOURCE_EXHAUSTED,
      { seconds: 1n, nanos: 500_000_000 },
    ]);
    const controller = new AbortController();
    const left = rejection(client.say({}, { signal: controller.signal }));
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    expect(RpcError.from(await left).code).toBe(Code.CANCELLED);
    // nobody is there any more
    answer(0);
    expect(asked).toEqual(Array(3).fill("/wirespan.test.v1.Echo/Say"));
  });
});

test.each([
  [0, 0n, 0],
  [0.2, 0n, 1_000_000],
  [999.5, 1n, 0],
  [61_250, 61n, 250_000_000],
  [Number.POSITIVE_INFINITY, 315_576_000_000n, 0],
])("M12: a delay of %f ms travels as a RetryInfo, rounded up to milliseconds", (ms, seconds, nanos) => {
  const error = new RpcError(Code.UNAVAILABLE, "later", { details: [retryInfoDetail(ms)] });
  expect(findDetail(error, RetryInfo)?.retryDelay).toMatchObject({ seconds, nanos });
});

describe("M12: behind a gateway", () => {
  test.each([
    [10, "1", "0.100s"],
    [0.4, "3", "2.500s"],
  ])("at %f calls a second a refused one is 429 with Retry-After: %s", async (rate, after, retryDelay) => {
    const emitted = await emitUsers();
    const layers = chain().use(still({ rate, burst: 1 }));
    const gateway = createGateway({ routes: [emitted.routes(createUsers().handler, { chain: layers })] });
    const served = await serveGateway(gateway);
    open.push(served);
    const get = () => fetch(`${served.url}/api/v1/users/1`);
    expect((await get()).status).toBe(200);
    const refused = await get();
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, after]);
    expect(await refused.json()).toMatchObject({
      code: Code.RESOURCE_EXHAUSTED,
      details: [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay }],
    });
  });

  test("a server that sheds answers 503, with Retry-After too; other failures say nothing of it", async () => {
    const emitted = await emitUsers();
    let busy = 0;
    const clock = createVirtualClock();
    const layers = chain().use(shed({ kind: "bbr", utilization: () => busy, clock }));
    const gateway = createGateway({ routes: [emitted.routes(createUsers().handler, { chain: layers })] });
    const served = await serveGateway(gateway);
    open.push(served);
    const abort = new AbortController();
    const slow = [1, 2].map(() => fetch(`${served.url}/api/v1/users/slow`, { signal: abort.signal }).catch(() => {}));
    await expect.poll(() => fetch(`${served.url}/api/v1/users/1`).then(({ status }) => status)).toBe(200);
    busy = 1;
    await expect
      .poll(async () => {
        const { status, headers } = await fetch(`${served.url}/api/v1/users/1`);
        return [status, headers.get("retry-after")];
      })
      .toEqual([503, "1"]);
    busy = 0;
    // it stays wary for a second
    clock.advance(1_001);
    abort.abort();
    await Promise.all(slow);
    const missing = await fetch(`${served.url}/api/v1/users/missing`);
    expect([missing.status, missing.headers.get("retry-after")]).toEqual([404, null]);
  });
});
