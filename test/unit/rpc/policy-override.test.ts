import { describe, expect, test } from "vitest";
import { deadline } from "../../../src/runtime/interceptors/index.js";
import {
  chain,
  createServiceClient,
  implementService,
  overridePolicies,
  type MethodPolicy,
  type PolicyOverride,
  type ServiceInfo,
} from "../../../src/runtime/rpc/index.js";
import { createMemoryTransport } from "../../../src/runtime/transports/memory.js";
import { Echo, echo, type EchoClient } from "../../behaviour/rpc/echo.js";
import { emitOrders } from "../../behaviour/rpc/orders.js";

const retry = {
  maxAttempts: 3,
  initialBackoffMs: 100,
  backoffMultiplier: 2,
  maxBackoffMs: 1_000,
  codes: [14] as const,
};

function serviceWith(policy: MethodPolicy, idempotency: "unknown" | "idempotent" = "idempotent"): ServiceInfo {
  const { say, split } = Echo.methods;
  return { typeName: Echo.typeName, methods: { say: { ...say, idempotency, policy }, split } };
}

function policyWith(policy: MethodPolicy, say: PolicyOverride): MethodPolicy | undefined {
  return overridePolicies(serviceWith(policy), { say }).get("say")?.policy;
}

describe("F7: options at run time win over the contract, value by value", () => {
  test("values of a part, lists as a whole", () => {
    expect(policyWith({ timeoutMs: 5_000, retry }, { retry: { maxAttempts: 5, codes: [14, 10] } })).toEqual({
      timeoutMs: 5_000,
      retry: { ...retry, maxAttempts: 5, codes: [14, 10] },
    });
  });

  test("a part that the contract does not have gets what is built in", () => {
    expect(policyWith({}, { retry: { maxAttempts: 2, initialBackoffMs: 3_000 } })).toEqual({
      retry: { maxAttempts: 2, initialBackoffMs: 3_000, backoffMultiplier: 2, maxBackoffMs: 3_000, codes: [14] },
    });
    expect(policyWith({}, { limit: { rate: 2.5 } })).toEqual({ limit: { rate: 2.5, burst: 3, key: "method" } });
  });

  test("what follows from a value of the contract follows from the one in its place", () => {
    expect(policyWith({ limit: { rate: 2, burst: 2, key: "method" } }, { limit: { rate: 1_000 } })).toEqual({
      limit: { rate: 1_000, burst: 1_000, key: "method" },
    });
    expect(policyWith({ retry }, { retry: { initialBackoffMs: 2_000 } })?.retry?.maxBackoffMs).toBe(2_000);
    // what somebody has stated stays
    expect(policyWith({ limit: { rate: 2, burst: 7, key: "method" } }, { limit: { rate: 10 } })?.limit?.burst).toBe(7);
  });

  test("what excludes something of the contract takes its place", () => {
    expect(policyWith({ retry }, { hedge: { maxAttempts: 2, delayMs: 50 } })).toEqual({
      hedge: { maxAttempts: 2, delayMs: 50, nonFatalCodes: [14] },
    });
    expect(policyWith({ auth: { scopes: ["a"] } }, { auth: { public: true } })).toEqual({ auth: { public: true } });
    expect(policyWith({ auth: { public: true } }, { auth: { scopes: ["a"] } })).toEqual({ auth: { scopes: ["a"] } });
    expect(policyWith({ breaker: { kind: "classic", openMs: 5 } }, { breaker: { kind: "ramp", minCalls: 5 } })).toEqual(
      { breaker: { kind: "ramp", minCalls: 5 } },
    );
  });

  test("other methods, and the contract's own data, stay as they are", () => {
    const service = serviceWith({ timeoutMs: 5_000 });
    const methods = overridePolicies(service, { say: { timeoutMs: 1 } });
    expect([...methods.keys()]).toEqual(["say"]);
    expect(service.methods["say"]?.policy).toEqual({ timeoutMs: 5_000 });
  });
});

test.each<readonly [string, PolicyOverride, RegExp]>([
  ["a wrong value", { retry: { maxAttempts: 6 } }, /retry\.maxAttempts must be a whole number from 2 to 5/],
  ["a duration that is none", { timeoutMs: 0 }, /timeoutMs must be a duration from 1 millisecond to 24 days/],
  ["not a number", { timeoutMs: Number.NaN }, /timeoutMs must be/],
  ["a negative limit", { limit: { rate: -1 } }, /limit\.rate must be a number above 0/],
  ["success", { retry: { maxAttempts: 2, codes: [0] } }, /retry\.codes must be codes of failures/],
  ["a missing value", { hedge: { maxAttempts: 2 } }, /hedge\.delayMs must be a duration/],
  ["too long", { timeoutMs: 100, retry: { maxAttempts: 5 } }, /retry may take 1800 ms, and the timeout is 100 ms/],
  ["a cache of what has effects", { cache: { ttlMs: 5 } }, /cache is for unary methods with NO_SIDE_EFFECTS/],
  [
    "a key that nobody has",
    // what a program without types may say
    { retry: { attempts: 3 } } as PolicyOverride,
    /has retry\.attempts, which no policy has/,
  ],
  ["null", null as unknown as PolicyOverride, /Say must be an object$/],
  ["null for a part", { retry: null } as unknown as PolicyOverride, /: retry must be an object$/],
  ["null for a value", { timeoutMs: null } as unknown as PolicyOverride, /: timeoutMs must be a duration/],
  ["null in a part", { limit: { rate: null } } as unknown as PolicyOverride, /: limit\.rate must be a number/],
  ["both", { retry: { maxAttempts: 2 }, hedge: { maxAttempts: 2, delayMs: 1 } }, /hedge and retry exclude each other/],
])("F7: a program may not say what a contract may not: %s", (_, override, message) => {
  expect(() => policyWith({}, override)).toThrow(message);
  expect(() => policyWith({}, override)).toThrow(TypeError);
  expect(() => policyWith({}, override)).toThrow(/^the policy given for wirespan\.test\.v1\.Echo\/Say/);
});

test("F7: fields of keys have to be there, however deep", async () => {
  const emitted = await emitOrders();
  const { Orders } = emitted;
  const override = (getOrder: PolicyOverride, placeOrder: PolicyOverride): unknown =>
    overridePolicies(Orders, { getOrder, placeOrder });
  const cached = (...keyFields: string[]): PolicyOverride => ({ cache: { ttlMs: 5, keyFields } });
  expect(() => override(cached("id", "view"), { idempotencyKey: "intent.request_id" })).not.toThrow();
  expect(() => override({}, { idempotencyKey: "intent.request" })).toThrow(
    /idempotencyKey has intent\.request, which wirespan\.test\.orders\.v1\.\w+ does not have/,
  );
  expect(() => override(cached("id", "nope"), {})).toThrow(/cache\.keyFields has nope, which/);
});

test("F7: a retry of a method that is not idempotent, and a method that does not exist", () => {
  const service = serviceWith({}, "unknown");
  expect(() => overridePolicies(service, { say: { retry: { maxAttempts: 2 } } })).toThrow(/is for idempotent methods/);
  expect(() => overridePolicies(service, { say: { idempotencyKey: "text", retry: { maxAttempts: 2 } } })).not.toThrow();
  expect(() => overridePolicies(service, { shout: {} })).toThrow('wirespan.test.v1.Echo has no method "shout"');
  expect(() => overridePolicies(service, { toString: {} })).toThrow("has no method");
});

test("F7: layers and deadlines of client and server go by the program's policies", async () => {
  const seen: string[] = [];
  const look = (side: string) =>
    chain()
      .use(deadline())
      .use((call, next) => {
        const left = (call.context.deadline ?? Number.NaN) - Date.now();
        seen.push(`${side} ${call.method.policy.timeoutMs} ${left > 0 && left <= (call.method.policy.timeoutMs ?? 0)}`);
        return next(call);
      });
  const transport = createMemoryTransport();
  const own = (timeoutMs: number) => overridePolicies(Echo, { say: { timeoutMs } });
  transport.register(Echo, implementService(Echo, echo, { chain: look("server"), policies: own(4_000) }));
  const client = createServiceClient<EchoClient>(Echo, transport, { chain: look("client"), policies: own(60_000) });
  expect(await client.say({ text: "a" })).toMatchObject({ text: "a" });
  expect(seen).toEqual(["client 60000 true", "server 4000 true"]);
  await transport.close();
});
