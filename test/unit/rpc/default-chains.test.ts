import { describe, expect, test } from "vitest";
import {
  clientChain,
  clientOrder,
  serverChain,
  serverOrder,
  validate,
} from "../../../src/runtime/interceptors/index.js";
import {
  Code,
  composeChain,
  createCall,
  oneMessage,
  okReply,
  overridePolicies,
  type ChainLayer,
  type Interceptor,
  type MethodPolicy,
  type ServiceInfo,
} from "../../../src/runtime/rpc/index.js";
import { Echo } from "../../behaviour/rpc/echo.js";

/** The order of T14, as written down there. */
const server =
  "recovery tracing metrics logging deadline rateLimit concurrency shedding auth claimLimit validation idempotency " +
  "cache handlerRecovery";
const client =
  "deadline tracing metrics logging headers validation cache shadow split breaker retry hedge rateLimit concurrency " +
  "attemptSpan attemptTimeout auth";

function serviceWith(policy: MethodPolicy, idempotency: "unknown" | "idempotent" = "idempotent"): ServiceInfo {
  const { say, split } = Echo.methods;
  return { typeName: Echo.typeName, methods: { say: { ...say, idempotency, policy }, split } };
}

/** A layer that notes its name on the way in. */
function noting(name: string, seen: string[]): Interceptor {
  return (call, next) => {
    seen.push(name);
    return next(call);
  };
}

async function run(layers: readonly ChainLayer[], service: ServiceInfo = Echo, key = "say"): Promise<void> {
  const method = service.methods[key];
  if (method === undefined) throw new Error(`no method ${key}`);
  const call = createCall({ method, requests: oneMessage({}) });
  const composed = composeChain(layers, method, async () => okReply(oneMessage({})) as never);
  await (
    await composed(call)
  ).done;
}

function named(names: readonly string[], seen: string[]): Record<string, Interceptor> {
  return Object.fromEntries(names.map((name) => [name, noting(name, seen)]));
}

test("M10: the order of both chains is written once", () => {
  expect(serverOrder.join(" ")).toBe(server);
  expect(clientOrder.join(" ")).toBe(client);
});

describe("M10: a chain in the default order, however its layers are listed", () => {
  test("server", async () => {
    const seen: string[] = [];
    await run(serverChain(Echo, named(server.split(" ").toReversed(), seen)).layers);
    expect(seen.join(" ")).toBe(server);
  });

  test("client", async () => {
    const seen: string[] = [];
    await run(clientChain(Echo, named(client.split(" ").toReversed(), seen)).layers);
    expect(seen.join(" ")).toBe(client);
  });

  test("another order, a layer of one's own behind it, for one method", async () => {
    const seen: string[] = [];
    const chain = serverChain(
      Echo,
      { ...named(["logging", "metrics"], seen), recovery: false },
      { order: ["logging", "metrics"] },
    ).use(noting("mine", seen), "split");
    await run(chain.layers);
    expect(seen).toEqual(["logging", "metrics"]);
    await run(chain.layers, Echo, "split");
    expect(seen).toEqual(["logging", "metrics", "logging", "metrics", "mine"]);
    const layers = named(["auth"], seen);
    expect(() => serverChain(Echo, layers, { order: ["recovery"] })).toThrow(
      new TypeError("the order of the server's chain has no place for auth"),
    );
  });
});

describe("F7: what the contract calls for is in the chain, or nothing starts", () => {
  const backoff = { initialBackoffMs: 10, backoffMultiplier: 2, maxBackoffMs: 100 };
  const retry = { ...backoff, maxAttempts: 3, codes: [Code.UNAVAILABLE] };
  const byItself: readonly (readonly [string, MethodPolicy, "client" | "server"])[] = [
    ["rateLimit", { limit: { rate: 5, burst: 5, key: "peer" } }, "server"],
    ["claimLimit", { limit: { rate: 5, burst: 5, key: { claim: "sub" } } }, "server"],
    ["concurrency", { limit: { concurrency: 5 } }, "server"],
    ["breaker", { breaker: { kind: "ramp" } }, "client"],
    ["retry", { retry }, "client"],
    ["hedge", { hedge: { maxAttempts: 2, delayMs: 10, nonFatalCodes: [Code.UNAVAILABLE] } }, "client"],
  ];
  const withOptions: readonly (readonly [string, MethodPolicy, "client" | "server"])[] = [
    ["auth", { auth: { scopes: ["a"] } }, "server"],
    ["auth", { auth: { public: false } }, "server"],
    ["idempotency", { idempotencyKey: "text" }, "server"],
    ["cache", { cache: { ttlMs: 5 } }, "server"],
  ];
  const chainOf = (end: "client" | "server", service: ServiceInfo, layers: object): readonly ChainLayer[] =>
    (end === "server" ? serverChain(service, layers) : clientChain(service, layers)).layers;

  test.each(byItself)("%s for %j of a %s comes by itself, for the method that calls for it", (name, policy, side) => {
    const service = serviceWith(policy);
    const empty = chainOf(side, service, { [name]: false }).length;
    const layers = chainOf(side, service, {});
    expect(layers).toHaveLength(empty + 1);
    expect(typeof layers.at(-1)?.selector).toBe("function");
  });

  test("M74: rules of requests call for validation on a server", () => {
    const { say, split } = Echo.methods;
    const withRules = { ...say, input: { ...say.input, hasRules: true } };
    const service: ServiceInfo = { typeName: Echo.typeName, methods: { say: withRules, split } };
    expect(() => serverChain(service, {})).toThrow(
      new TypeError(
        `the contract of ${Echo.typeName} calls for the layer validation in the server's chain (Say): give one, or false for none`,
      ),
    );
    const empty = serverChain(service, { validation: false }).layers.length;
    expect(serverChain(service, { validation: validate([]) }).layers).toHaveLength(empty + 1);
    expect(() => serverChain(Echo, {})).not.toThrow();
    expect(() => clientChain(service)).not.toThrow();
  });

  test("a layer that is undefined is one that is not named", () => {
    expect(serverChain(Echo, { auth: undefined, recovery: undefined }).layers).toHaveLength(1);
    expect(clientChain(Echo, { auth: undefined, cache: undefined }).layers).toHaveLength(0);
  });

  test.each(withOptions)("%s for %j of a %s has to be given, or left out", (name, policy, side) => {
    const service = serviceWith(policy);
    const missing =
      `the contract of ${Echo.typeName} calls for the layer ${name} in the ${side}'s chain (Say): ` +
      "give one, or false for none";
    expect(() => chainOf(side, service, {})).toThrow(new TypeError(missing));
    expect(() => chainOf(side, service, { [name]: false })).not.toThrow();
  });

  test.each([...byItself, ...withOptions])("%s for %j of a %s is the one that is given", (name, policy, side) => {
    const service = serviceWith(policy);
    const give = (layers: object): readonly ChainLayer[] => chainOf(side, service, layers);
    const empty = give({ [name]: false }).length;
    expect(give({ [name]: noting(name, []) }).length).toBe(empty + 1);
    // the other side has nothing to do with it
    expect(() => chainOf(side === "server" ? "client" : "server", service, {})).not.toThrow();
  });

  test("a limit by a claim is kept where the caller is known, whoever gives the layers", () => {
    const service = serviceWith({ limit: { rate: 5, burst: 5, key: { claim: "sub" } } });
    const { layers } = serverChain(service, { recovery: false, rateLimit: noting("rateLimit", []) });
    const of = (key: string): number =>
      layers.filter(({ selector }) => {
        const method = service.methods[key];
        return typeof selector === "function" && method !== undefined && selector(method);
      }).length;
    // the one behind auth for the method, the one before it for all others
    expect([layers.length, of("say"), of("split")]).toEqual([2, 1, 1]);
  });

  test("a public method, and a contract that is silent, call for nobody", () => {
    expect(serverChain(serviceWith({ auth: { public: true } }), {}).layers).toHaveLength(1);
    expect(clientChain(Echo).layers).toEqual([]);
  });

  test("a timeout brings the deadline, for its method alone", async () => {
    const service = serviceWith({ timeoutMs: 5_000 });
    const deadlines: (number | undefined)[] = [];
    const look: Interceptor = (call, next) => {
      deadlines.push(call.context.deadline);
      return next(call);
    };
    const { layers } = serverChain(service, {}).use(look);
    const before = Date.now();
    await run(layers, service);
    await run(layers, service, "split");
    expect(deadlines[0]).toBeGreaterThanOrEqual(before + 5_000);
    expect(deadlines[0]).toBeLessThanOrEqual(Date.now() + 5_000);
    expect(deadlines[1]).toBeUndefined();
  });

  test("policies that a program gives count like those of the contract", () => {
    const service = serviceWith({ auth: { scopes: ["a"] } });
    const policies = overridePolicies(service, { say: { auth: { public: true } } });
    expect(() => serverChain(service, {})).toThrow(/the layer auth/);
    expect(() => serverChain(service, {}, { policies })).not.toThrow();
  });
});
