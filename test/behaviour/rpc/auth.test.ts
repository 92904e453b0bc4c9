import { createSecretKey, generateKeyPairSync } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, SignJWT, UnsecuredJWT, type JWTPayload } from "jose";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { ambient, withAmbient } from "../../../src/runtime/context/index.js";
import {
  apiKeys,
  auth,
  bearer,
  hashApiKey,
  logging,
  type ApiKeyIdentity,
  type LogLevel,
} from "../../../src/runtime/interceptors/index.js";
import { jwt, type JwtIdentity } from "../../../src/runtime/interceptors/jwt.js";
import {
  chain,
  Code,
  composeChain,
  createCall,
  okReply,
  oneMessage,
  RpcError,
  type LayerList,
  type Reply,
} from "../../../src/runtime/rpc/index.js";
import { collect, rejection } from "./echo.js";
import {
  emitOrders,
  fakeClock,
  openOrders,
  throughGateway,
  type EmittedOrders,
  type OpenOrders,
  type OrdersHandler,
} from "./orders.js";

const issuer = "https://id.example.com/";
const audience = "orders";
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const other = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const secret = new TextEncoder().encode("a shared secret of more than 256 bits, for sure");
const clock = fakeClock();
const nowSeconds = Math.floor(clock.now() / 1_000);

function sign(
  claims: JWTPayload,
  alg = "RS256",
  key: Parameters<SignJWT["sign"]>[0] = rsa.privateKey,
): Promise<string> {
  const all = { iss: issuer, aud: audience, sub: "ada", iat: nowSeconds, exp: nowSeconds + 600, ...claims };
  return new SignJWT(all).setProtectedHeader({ alg, kid: alg === "ES256" ? "ec" : "rsa" }).sign(key);
}

let keySet: { keys: Record<string, unknown>[] };
let emitted: EmittedOrders;
let keyServer: Server;
let keyUrl: URL;
let fetched = 0;
let keysDown = false;

beforeAll(async () => {
  keySet = {
    keys: [
      { ...(await exportJWK(rsa.publicKey)), kid: "rsa", alg: "RS256" },
      { ...(await exportJWK(ec.publicKey)), kid: "ec", alg: "ES256" },
    ],
  };
  emitted = await emitOrders({
    getOrder: { auth: { public: true } },
    placeOrder: { auth: { scopes: ["orders.write", "orders.pay"] } },
  });
  keyServer = createServer((_, response) => {
    fetched++;
    response.writeHead(keysDown ? 503 : 200, { "content-type": "application/json" }).end(JSON.stringify(keySet));
  });
  await new Promise<void>((resolve) => keyServer.listen(0, "127.0.0.1", resolve));
  keyUrl = new URL(`http://127.0.0.1:${(keyServer.address() as AddressInfo).port}/keys`);
});

afterAll(() => new Promise((resolve) => keyServer.close(resolve)));

const identities: unknown[] = [];
const handler: OrdersHandler<JwtIdentity> = {
  getOrder: (request, { claims }) => ({ id: request.id, lines: [String((claims as unknown) === undefined)] }),
  placeOrder(_, { claims, scopes }) {
    identities.push(ambient().identity);
    return { id: String(claims.sub), lines: [...scopes] };
  },
  async *watchOrder(_, { claims }) {
    yield { id: String(claims.sub) };
  },
  importOrders: (_, { claims }) => ({ id: String(claims.sub) }),
};

const verified = (): LayerList =>
  chain().use(auth({ verify: jwt({ keys: keySet, issuer, audience, clock }), public: "contract" }));

describe.each(openOrders)("over $id", ({ open }) => {
  let orders: OpenOrders;
  afterEach(() => orders.close());
  const as = (token: string): { metadata: { authorization: string } } => ({
    metadata: { authorization: `Bearer ${token}` },
  });

  test("M11: no token, a token without the scopes, one with them; methods that the contract calls public", async () => {
    orders = await open(emitted, handler, { server: verified() });
    const { client } = orders;
    const missing = (await rejection(client.placeOrder({}))) as RpcError;
    expect(missing).toMatchObject({ code: Code.UNAUTHENTICATED, message: "no token in authorization" });
    expect(missing.metadata.get("www-authenticate")).toBe("Bearer");

    const poor = (await rejection(client.placeOrder({}, as(await sign({ scope: "orders.write" }))))) as RpcError;
    expect(poor).toMatchObject({ code: Code.PERMISSION_DENIED, message: "the token lacks the scope orders.pay" });
    expect(poor.metadata.get("www-authenticate")).toBe(
      'Bearer error="insufficient_scope", scope="orders.write orders.pay"',
    );

    identities.length = 0;
    const scope = "orders.pay orders.read orders.write";
    expect(await client.placeOrder({}, as(await sign({ scope })))).toMatchObject({
      id: "ada",
      lines: scope.split(" "),
    });
    expect(identities).toMatchObject([{ claims: { sub: "ada", iss: issuer } }]);

    expect(await client.getOrder({ id: "1" })).toMatchObject({ id: "1", lines: ["true"] });
    expect(await rejection(collect(client.watchOrder({})))).toMatchObject({ code: Code.UNAUTHENTICATED });
    expect(await collect(client.watchOrder({}, as(await sign({}))))).toMatchObject([{ id: "ada" }]);
    expect(await rejection(client.importOrders([{}]))).toMatchObject({ code: Code.UNAUTHENTICATED });
    expect(await client.importOrders([{}], as(await sign({})))).toMatchObject({ id: "ada" });
  });

  test("M11: tokens that are forged, of somebody else, too old, too young or meant for others", async () => {
    orders = await open(emitted, handler, { server: verified() });
    const { client } = orders;
    const scope = "orders.write orders.pay";
    const good = await sign({ scope });
    expect(await client.placeOrder({}, as(good))).toMatchObject({ id: "ada" });
    expect(await client.placeOrder({}, as(await sign({ scope }, "ES256", ec.privateKey)))).toMatchObject({ id: "ada" });
    // within the tolerance of clocks
    expect(await client.placeOrder({}, as(await sign({ scope, exp: nowSeconds - 4 })))).toMatchObject({ id: "ada" });

    const [head = "", payload = "", signature = ""] = good.split(".");
    const widened = Buffer.from(
      JSON.stringify({ ...JSON.parse(Buffer.from(payload, "base64url").toString()), sub: "eve" }),
    );
    const pem = rsa.publicKey.export({ type: "spki", format: "pem" });
    const bad: Readonly<Record<string, string>> = {
      "of another key": await sign({ scope }, "RS256", other.privateKey),
      "with other claims": [head, widened.toString("base64url"), signature].join("."),
      "without a signature": `${head}.${payload}.`,
      "alg none": new UnsecuredJWT({ iss: issuer, aud: audience, sub: "eve", exp: nowSeconds + 600, scope }).encode(),
      "public key as a secret": await sign({ scope }, "HS256", new TextEncoder().encode(String(pem))),
      "key of another algorithm": await new SignJWT({ iss: issuer, aud: audience, exp: nowSeconds + 600, scope })
        .setProtectedHeader({ alg: "ES256", kid: "rsa" })
        .sign(ec.privateKey),
      "another issuer": await sign({ scope, iss: "https://evil.example.com/" }),
      "another audience": await sign({ scope, aud: "invoices" }),
      "not yet": await sign({ scope, nbf: nowSeconds + 60 }),
      "no end": await new SignJWT({ iss: issuer, aud: audience, sub: "ada", scope })
        .setProtectedHeader({ alg: "RS256", kid: "rsa" })
        .sign(rsa.privateKey),
      nonsense: "a.b.c",
      text: "letmein",
    };
    for (const [what, token] of Object.entries(bad)) {
      const error = (await rejection(client.placeOrder({}, as(token)))) as RpcError;
      expect([what, error.code, error.message]).toEqual([what, Code.UNAUTHENTICATED, "the token is not valid"]);
      expect(error.metadata.get("www-authenticate")).toBe('Bearer error="invalid_token"');
    }
    const old = await rejection(client.placeOrder({}, as(await sign({ scope, exp: nowSeconds - 6 }))));
    expect(old).toMatchObject({ code: Code.UNAUTHENTICATED, message: "the token has expired" });
    const two = { metadata: { authorization: [`Bearer ${good}`, `Bearer ${good}`] } };
    expect(await rejection(client.placeOrder({}, two))).toMatchObject({ code: Code.UNAUTHENTICATED });
  });

  test("M11: nothing of a token or its claims is logged, or told to who sent it", async () => {
    const lines: string[] = [];
    const write = (level: LogLevel) => (fields: object) => {
      const seen = new WeakSet<object>();
      // all that a serializer could find, own properties of errors included
      const all = (_: string, value: unknown): unknown => {
        if (typeof value !== "object" || value === null) return value;
        if (seen.has(value)) return undefined;
        seen.add(value);
        return Object.fromEntries(Reflect.ownKeys(value).map((key) => [String(key), Reflect.get(value, key)]));
      };
      lines.push(JSON.stringify({ level, fields }, all));
    };
    const logger = { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
    orders = await open(emitted, handler, {
      server: chain()
        .use(logging({ logger }))
        .use(auth({ verify: jwt({ keys: keySet, issuer, audience, clock }), public: "contract" })),
    });
    const tokens = [
      await sign({ sub: "a-secret-subject", exp: nowSeconds - 60 }),
      await sign({ sub: "a-secret-subject", aud: "a-secret-audience" }),
      await sign({ sub: "a-secret-subject", scope: "a-secret-scope" }),
    ];
    const errors: unknown[] = [];
    for (const token of tokens) errors.push(await rejection(orders.client.placeOrder({}, as(token))));
    expect(lines).toHaveLength(3);
    const told = `${lines.join("\n")}\n${errors.map((error) => `${String(error)} ${String((error as Error).cause)}`).join("\n")}`;
    expect(told).toContain("the token has expired");
    for (const token of tokens) for (const part of token.split(".")) expect(told).not.toContain(part);
    expect(told).not.toContain("a-secret");
  });

  test("M11: keys of an address are fetched once, and when they cannot be, the token is not to blame", async () => {
    const server = chain().use(auth({ verify: jwt({ keys: keyUrl, issuer, audience, clock }), public: "contract" }));
    orders = await open(emitted, handler, { server });
    const scope = "orders.write orders.pay";
    keysDown = true;
    fetched = 0;
    const failed = await rejection(orders.client.placeOrder({}, as(await sign({ scope }))));
    expect(failed).toMatchObject({ code: Code.UNAVAILABLE, message: "the keys of the issuer cannot be fetched" });
    keysDown = false;
    fetched = 0;
    const token = await sign({ scope });
    await Promise.all(Array.from({ length: 20 }, () => orders.client.placeOrder({}, as(token))));
    expect(fetched).toBe(1);
    // a key that is not in the set
    const stranger = await new SignJWT({ iss: issuer, aud: audience, exp: nowSeconds + 60 })
      .setProtectedHeader({ alg: "RS256", kid: "unknown" })
      .sign(other.privateKey);
    expect(await rejection(orders.client.placeOrder({}, as(stranger)))).toMatchObject({ code: Code.UNAUTHENTICATED });
  });

  test("M11: API keys by their hash, with scopes; the run time's scopes in place of the contract's", async () => {
    const keys = [
      { id: "billing", hash: await hashApiKey("wk_billing"), scopes: ["orders.write", "orders.pay"] },
      { id: "reports", hash: (await hashApiKey("wk_reports")).toUpperCase() },
    ];
    const handleKey: Partial<OrdersHandler<ApiKeyIdentity>> = {
      placeOrder: (_, { apiKey }) => ({ id: apiKey.id }),
      importOrders: (_, { apiKey }) => ({ id: apiKey.id }),
    };
    const scopes = ({ name }: { readonly name: string }): string[] => (name === "ImportOrders" ? ["import"] : []);
    const verify = apiKeys(keys);
    orders = await open(emitted, handleKey, { server: chain().use(auth({ header: "X-Api-Key", verify })) });
    const key = (value: string): { metadata: { "x-api-key": string } } => ({ metadata: { "x-api-key": value } });
    expect(await orders.client.placeOrder({}, key("wk_billing"))).toMatchObject({ id: "billing" });
    const poor = (await rejection(orders.client.placeOrder({}, key("wk_reports")))) as RpcError;
    expect(poor.code).toBe(Code.PERMISSION_DENIED);
    expect(poor.metadata.get("www-authenticate")).toBe(
      'ApiKey header="X-Api-Key", error="insufficient_scope", scope="orders.write orders.pay"',
    );
    expect(await orders.client.importOrders([], key("wk_reports"))).toMatchObject({ id: "reports" });
    for (const wrong of ["wk_billinh", "wk_billin", await hashApiKey("wk_billing"), "x"]) {
      const error = (await rejection(orders.client.placeOrder({}, key(wrong)))) as RpcError;
      expect(error).toMatchObject({ code: Code.UNAUTHENTICATED, message: "the API key is not known" });
      expect(error.metadata.get("www-authenticate")).toBe('ApiKey header="X-Api-Key", error="invalid_token"');
    }
    await orders.close();

    const found = keys[1];
    const find = (hash: string) => (hash === found?.hash.toLowerCase() ? found : undefined);
    const own = auth({ header: "x-api-key", verify: apiKeys(find), scopes });
    orders = await open(emitted, handleKey, { server: chain().use(own) });
    expect(await orders.client.placeOrder({}, key("wk_reports"))).toMatchObject({ id: "reports" });
    expect(await rejection(orders.client.importOrders([], key("wk_reports")))).toMatchObject({
      code: Code.PERMISSION_DENIED,
    });
    expect(await rejection(orders.client.placeOrder({}, key("wk_billing")))).toMatchObject({
      code: Code.UNAUTHENTICATED,
    });
  });

  test("M11: handlers of public methods may be given somebody in place of an identity", async () => {
    const verify = (token: string): { user: string } => ({ user: token });
    const guest = { user: "guest" };
    const seen: string[] = [];
    orders = await open<{ user: string }>(
      emitted,
      {
        getOrder: (_, { user }) => (seen.push(user), {}),
        importOrders: (_, { user }) => (seen.push(user), {}),
      },
      { server: chain().use(auth({ verify, anonymous: guest })) },
    );
    await orders.client.getOrder({});
    await orders.client.importOrders([], as("ada"));
    expect(seen).toEqual(["guest", "ada"]);
  });

  test("M11: a client fetches one token for all calls, a new one before it ends, and after it was refused", async () => {
    let fetches = 0;
    let life = 600_000;
    const time = fakeClock();
    const seen: string[] = [];
    const refused = new Set<string>();
    const verify = (token: string): {} => {
      seen.push(token);
      if (refused.has(token)) throw new Error("revoked");
      return {};
    };
    const fetch = async (): Promise<{ token: string; expiresAt: number }> => {
      const expiresAt = time.now() + life;
      const surrounding = ambient();
      expect([surrounding.deadline, surrounding.identity]).toEqual([undefined, undefined]);
      await Promise.resolve();
      return { token: `t${++fetches}`, expiresAt };
    };
    orders = await open(
      emitted,
      { importOrders: () => ({}) },
      {
        server: chain().use(auth({ verify })),
        chain: chain().use(bearer({ fetch, refreshBeforeMs: 60_000, clock: time })),
      },
    );
    // whoever calls is served himself, for somebody and with a deadline
    const served = { identity: "somebody", deadline: Date.now() + 60_000 };
    const call = (): Promise<unknown> =>
      withAmbient(served, () => orders.client.importOrders([], { timeoutMs: 5_000 }));
    await Promise.all(Array.from({ length: 50 }, call));
    expect([fetches, new Set(seen)]).toEqual([1, new Set(["t1"])]);

    time.advance(541_000);
    seen.length = 0;
    await call();
    // the old one is still good; the new one comes meanwhile
    expect([fetches, seen]).toEqual([2, ["t1"]]);
    await call();
    expect(seen).toEqual(["t1", "t2"]);

    refused.add("t2");
    time.advance(1_000);
    expect(await rejection(call())).toMatchObject({ code: Code.UNAUTHENTICATED });
    await call();
    expect([fetches, seen.at(-1)]).toEqual([3, "t3"]);

    life = 0;
    time.advance(600_000);
    fetches = 9;
    for (let second = 0; second < 3; second++, time.advance(1_000)) {
      await call();
      await call();
    }
    expect(fetches).toBe(12);
  });

  test("M11: a client without a token fails as unavailable; a JWT tells by itself when it ends", async () => {
    const time = fakeClock();
    let fetches = 0;
    let down = true;
    const fetch = async (): Promise<string> => {
      fetches++;
      if (down) throw new Error("the issuer is down");
      return sign({ exp: Math.floor(time.now() / 1_000) + 100 });
    };
    orders = await open(
      emitted,
      { importOrders: () => ({}) },
      { server: chain().use(auth({ verify: () => ({}) })), chain: chain().use(bearer({ fetch, clock: time })) },
    );
    const call = (): Promise<unknown> => orders.client.importOrders([]);
    expect(await rejection(call())).toMatchObject({ code: Code.UNAVAILABLE, message: "no token could be fetched" });
    down = false;
    await call();
    await call();
    expect(fetches).toBe(2);
    down = true;
    time.advance(50_000);
    // could not be renewed, and is still good
    await call();
    expect(fetches).toBe(3);
    time.advance(51_000);
    expect(await rejection(call())).toMatchObject({ code: Code.UNAVAILABLE });
  });

  /** Two calls each step, and the seconds in which a token was fetched. */
  async function fetchesWithin(
    seconds: number,
    stepMs: number,
    given: {
      readonly lifeMs?: number;
      readonly refreshBeforeMs?: number;
      readonly issuerDown?: boolean;
      readonly refuse?: boolean;
    },
  ): Promise<readonly number[]> {
    const time = fakeClock();
    const start = time.now();
    const fetched: number[] = [];
    const fetch = async (): Promise<{ token: string; expiresAt: number | undefined }> => {
      fetched.push((time.now() - start) / 1_000);
      await Promise.resolve();
      if (given.issuerDown === true && fetched.length > 1) throw new Error("the issuer is down");
      const expiresAt = given.lifeMs === undefined ? undefined : time.now() + given.lifeMs;
      return { token: `t${fetched.length}`, expiresAt };
    };
    const verify = (): {} => {
      if (given.refuse === true) throw new Error("revoked");
      return {};
    };
    orders = await open(
      emitted,
      { importOrders: () => ({}) },
      {
        server: chain().use(auth({ verify })),
        chain: chain().use(bearer({ fetch, refreshBeforeMs: given.refreshBeforeMs, clock: time })),
      },
    );
    for (let ms = 0; ms < seconds * 1_000; ms += stepMs, time.advance(stepMs)) {
      for (let i = 0; i < 2; i++) await orders.client.importOrders([]).catch(() => {});
    }
    return fetched;
  }

  test("M11: while an issuer is down and the token still good, fetches become rarer, to one in 30 s", async () => {
    const given = { lifeMs: 180_000, refreshBeforeMs: 180_000, issuerDown: true };
    expect(await fetchesWithin(130, 1_000, given)).toEqual([0, 1, 2, 4, 8, 16, 32, 62, 92, 122]);
  });

  test("M11: a server that refuses every token, and tokens that do not say when they end: one fetch a second", async () => {
    expect(await fetchesWithin(3, 100, { lifeMs: 600_000, refuse: true })).toEqual([0, 1, 2]);
    expect(await fetchesWithin(3, 100, {})).toEqual([0, 1, 2]);
    expect(await fetchesWithin(3, 100, { lifeMs: 30_000 })).toEqual([0, 1, 2]);
    expect(await fetchesWithin(3, 100, { refuse: true, lifeMs: 600_000, issuerDown: true })).toEqual([0, 1, 2]);
  });
});

test("M11: a library that could not be loaded once is loaded for the next token", async () => {
  let broken = true;
  vi.doMock("jose", (original) => {
    if (broken) throw new Error("too many open files");
    return original();
  });
  try {
    const verify = jwt({ keys: secret, issuer, audience, clock });
    const token = await sign({}, "HS256", secret);
    expect(await rejection(verify(token))).toMatchObject({ code: Code.INTERNAL, message: "internal error" });
    broken = false;
    expect(await verify(token)).toMatchObject({ claims: { sub: "ada" } });
  } finally {
    vi.doUnmock("jose");
  }
});

test("M11: through the gateway 401 and 403, with what to send; headers that it is told to pass", async () => {
  const ask = throughGateway(emitted, handler, verified());
  const body = { order: { id: "1" } };
  const missing = await ask("POST", "/v1/orders", {}, body);
  expect([missing.status, missing.headers["www-authenticate"]]).toEqual([401, "Bearer"]);
  const invalid = await ask("POST", "/v1/orders", { authorization: "Bearer x" }, body);
  expect([invalid.status, invalid.headers["www-authenticate"]]).toEqual([401, 'Bearer error="invalid_token"']);
  const poor = await ask("POST", "/v1/orders", { authorization: `Bearer ${await sign({})}` }, body);
  expect([poor.status, poor.headers["www-authenticate"]]).toEqual([
    403,
    'Bearer error="insufficient_scope", scope="orders.write orders.pay"',
  ]);
  const scope = "orders.write orders.pay";
  const good = await ask("POST", "/v1/orders", { authorization: `Bearer ${await sign({ scope })}` }, body);
  expect(good.status).toBe(200);
  expect((await ask("GET", "/v1/orders/1")).status).toBe(200);

  const keyed = chain().use(auth({ header: "x-api-key", verify: (key) => ({ key }), scopes: () => [] }));
  const place = { placeOrder: () => ({ id: "1" }) };
  const without = await throughGateway(emitted, place, keyed)("POST", "/v1/orders", { "x-api-key": "k" }, body);
  expect([without.status, without.headers["www-authenticate"]]).toEqual([401, 'ApiKey header="x-api-key"']);
  const passing = throughGateway(emitted, place, keyed, { passHeaders: ["X-Api-Key"] });
  expect((await passing("POST", "/v1/orders", { "x-api-key": "k" }, body)).status).toBe(200);
  expect(() => throughGateway(emitted, place, keyed, { passHeaders: ["grpc-timeout"] })).toThrow(TypeError);
});

test("M11: a token that is there is sent at once; one that cannot be had fails the call", async () => {
  const method = emitted.Orders.methods.getOrder;
  const sent: (string | undefined)[] = [];
  const callWith = (...args: Parameters<typeof bearer>): Promise<Reply<unknown>> => {
    const compose = composeChain(chain().use(bearer(...args)).layers, method, async (call) => {
      sent.push(call.context.metadata.get("authorization"));
      return okReply({} as never);
    });
    return compose(createCall<unknown, unknown>({ method, requests: oneMessage({}) }));
  };
  const replies = [callWith("a"), callWith(() => "b")];
  expect(sent).toEqual(["Bearer a", "Bearer b"]);
  for (const reply of replies) expect((await reply).failed).toBeUndefined();
  const failing = [
    () => {
      throw new RpcError(Code.UNAVAILABLE, "nobody is there");
    },
    () => Promise.reject(new RpcError(Code.UNAVAILABLE, "nobody is there")),
  ];
  for (const read of failing) expect((await callWith(read)).failed).toMatchObject({ code: Code.UNAVAILABLE });
  expect(sent).toHaveLength(2);
});

test("M11: a caller whom `verify` knows at once is let in at once, and its identity is that of the handler only", async () => {
  const method = { ...emitted.Orders.methods.getOrder, policy: {} };
  const seen: unknown[] = [];
  const verify = (token: string): { user: string } => ({ user: token });
  const compose = composeChain(chain().use(auth({ verify })).layers, method, async (call) => {
    seen.push([ambient().identity, "user" in call.context && call.context.user]);
    return okReply({} as never);
  });
  const metadata = { authorization: "Bearer ada" };
  const reply = compose(createCall<unknown, unknown>({ method, requests: oneMessage({}), metadata, side: "server" }));
  expect(seen).toEqual([[{ user: "ada" }, "ada"]]);
  expect(ambient().identity).toBeUndefined();
  expect((await reply).failed).toBeUndefined();
  expect(ambient().identity).toBeUndefined();
});

test("M11: a secret shorter than the hash (RFC 7518, 3.2), and names that are empty, are refused at once", async () => {
  const base = { issuer, audience, clock };
  const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(7);
  const forms = {
    "31": bytes(31),
    "0": bytes(0),
    "16": createSecretKey(bytes(16)),
    "8": await crypto.subtle.importKey("raw", new Uint8Array(8), { name: "HMAC", hash: "SHA-256" }, true, ["verify"]),
  };
  for (const [length, keys] of Object.entries(forms)) {
    const text = `jwt: the secret has ${length} bytes; HS256 needs 32 at the least`;
    expect(() => jwt({ ...base, keys })).toThrow(new TypeError(text));
  }
  expect(() => jwt({ ...base, keys: bytes(47), algorithms: ["HS256", "HS384"] })).toThrow(
    "jwt: the secret has 47 bytes; HS384 needs 48 at the least",
  );
  expect(() => jwt({ ...base, keys: bytes(64), algorithms: ["HS512"] })).not.toThrow();
  // by default those that it is long enough for
  const short = jwt({ ...base, keys: bytes(32) });
  expect((await short(await sign({}, "HS256", bytes(32)))).claims.sub).toBe("ada");
  await expect(sign({}, "HS512", bytes(32)).then(short)).rejects.toMatchObject({ code: Code.UNAUTHENTICATED });
  for (const empty of ["", [], [""], ["a", ""]]) {
    expect(() => jwt({ ...base, keys: keySet, issuer: empty })).toThrow(new TypeError("jwt: issuer is empty"));
    expect(() => jwt({ ...base, keys: keySet, audience: empty })).toThrow(new TypeError("jwt: audience is empty"));
  }
});

test("M11: algorithms must go with the kind of key; settings that cannot be are refused at once", async () => {
  const base = { issuer, audience };
  expect(() => jwt({ ...base, keys: rsa.publicKey, algorithms: ["HS256"] })).toThrow(
    /HS256 does not go with public keys/,
  );
  expect(() => jwt({ ...base, keys: keySet, algorithms: ["none"] })).toThrow(/none does not go with public keys/);
  expect(() => jwt({ ...base, keys: secret, algorithms: ["RS256"] })).toThrow(/RS256 does not go with a secret/);
  expect(() => jwt({ ...base, keys: secret, algorithms: [] })).toThrow(/algorithms is empty/);
  expect(() => apiKeys([{ id: "billing", hash: "plain text" }])).toThrow(/the hash of the API key billing/);

  const shared = jwt({ ...base, keys: secret, clock });
  expect((await shared(await sign({}, "HS256", secret))).claims.sub).toBe("ada");
  await expect(shared(await sign({}))).rejects.toMatchObject({ code: Code.UNAUTHENTICATED });
  const one = jwt({ ...base, keys: rsa.publicKey, algorithms: ["RS256"], clock });
  expect((await one(await sign({ scp: ["a", "b"] }))).scopes).toEqual(["a", "b"]);
  await expect(one(await sign({}, "PS256"))).rejects.toMatchObject({ code: Code.UNAUTHENTICATED });
});
