import { describe, expect, test } from "vitest";
import { noPolicy, type MethodPolicy } from "../../../src/model/index.js";
import { modelOf, summaries } from "../../support/model.js";

function policyOf(body: string): MethodPolicy | undefined {
  const text = `syntax = "proto3";
package a;
import "wirespan/options.proto";
message Part { string id = 1; }
message M { string id = 1; Part part = 2; }
service S { rpc Get(M) returns (M) { ${body} } }`;
  const { model, diagnostics } = modelOf({ "a.proto": text });
  expect(summaries(diagnostics)).toEqual([]);
  return model.services.get("a.S")?.methods[0]?.policy;
}

test("a method without a policy has none", () => {
  expect(policyOf("")).toEqual(noPolicy);
});

test("timeout, retry and HTTP are read, what is left out gets the documented defaults", () => {
  expect(
    policyOf(`option idempotency_level = NO_SIDE_EFFECTS;
option (wirespan.options.v1.method) = {
  timeout: { seconds: 2 nanos: 500000000 }
  retry: { max_attempts: 3 }
  http: { success_status: 201 location: "/v1/parts/{part.id}/{id}" }
};`),
  ).toMatchObject({
    timeoutMs: 2500,
    retry: { maxAttempts: 3, initialBackoffMs: 100, backoffMultiplier: 2, maxBackoffMs: 1000, codes: ["UNAVAILABLE"] },
    httpStatus: 201,
    httpLocation: "/v1/parts/{part.id}/{id}",
    origin: { file: "a.proto", line: 7, column: 39 },
  });
});

test("everything can be set, also path by path", () => {
  expect(
    policyOf(`option idempotency_level = IDEMPOTENT;
option (wirespan.options.v1.method).timeout.seconds = 60;
option (wirespan.options.v1.method).retry = {
  max_attempts: 5 initial_backoff: { seconds: 1 } backoff_multiplier: 1.5 max_backoff: { seconds: 4 }
  codes: [UNAVAILABLE, ABORTED]
};`),
  ).toMatchObject({
    timeoutMs: 60_000,
    retry: {
      maxAttempts: 5,
      initialBackoffMs: 1000,
      backoffMultiplier: 1.5,
      maxBackoffMs: 4000,
      codes: ["UNAVAILABLE", "ABORTED"],
    },
  });
});

describe("F7: file, service and method over one another", () => {
  const contract = (file: string, service: string, method: string, level = "IDEMPOTENT"): string => `syntax = "proto3";
package a;
import "wirespan/options.proto";
option (wirespan.options.v1.file) = { ${file} };
message M { string id = 1; }
service S {
  option (wirespan.options.v1.service) = { ${service} };
  rpc Get(M) returns (M) { option idempotency_level = ${level};
    option (wirespan.options.v1.method) = { ${method} };
  }
}`;

  function merged(file: string, service: string, method: string, level?: string): MethodPolicy {
    const { model, diagnostics } = modelOf({ "a.proto": contract(file, service, method, level) });
    expect(summaries(diagnostics)).toEqual([]);
    const policy = model.services.get("a.S")?.methods[0]?.policy;
    if (policy === undefined) throw new Error("no policy");
    return policy;
  }

  /** `path level line`, for values that somebody states. */
  const sources = (policy: MethodPolicy): readonly string[] =>
    [...policy.sources].map(([path, { level, origin }]) => `${path} ${level} ${origin.line}`).sort();

  test("the most specific wins value by value, and each value keeps who says it", () => {
    const policy = merged(
      "timeout: { seconds: 9 } retry: { max_attempts: 2 codes: ABORTED }",
      "retry: { max_attempts: 3 initial_backoff: { nanos: 50000000 } }",
      "retry: { codes: [UNAVAILABLE, DATA_LOSS] }",
    );
    expect(policy).toMatchObject({
      timeoutMs: 9_000,
      retry: { maxAttempts: 3, initialBackoffMs: 50, codes: ["UNAVAILABLE", "DATA_LOSS"], maxBackoffMs: 1_000 },
    });
    expect(sources(policy)).toEqual([
      "retry.codes method 9",
      "retry.initialBackoffMs service 7",
      "retry.maxAttempts service 7",
      "timeoutMs file 4",
    ]);
  });

  test("what excludes a default takes its place", () => {
    const hedge = "hedge: { max_attempts: 2 delay: { nanos: 1000000 } }";
    expect(merged("retry: { max_attempts: 2 }", hedge, "")).toMatchObject({ retry: undefined, hedge: { delayMs: 1 } });
    expect(merged(hedge, "", "retry: { max_attempts: 2 }")).toMatchObject({ hedge: undefined, retry: {} });
    const scoped = 'auth: { scopes: "x" } scopes: { name: "x" }';
    expect(merged("", scoped, "auth: { public: true }").auth).toEqual({ public: true, scopes: undefined });
    expect(merged('scopes: { name: "x" } auth: { public: true }', 'auth: { scopes: "x" }', "").auth).toEqual({
      public: undefined,
      scopes: ["x"],
    });
    expect(
      merged("breaker: { classic: { max_probes: 2 } }", "", "breaker: { ramp: { min_calls: 7 } }").breaker,
    ).toMatchObject({ kind: "ramp", minCalls: 7, maxProbes: undefined });
    expect(merged("breaker: { classic: { max_probes: 2 } }", "", "breaker: { classic: {} }").breaker).toMatchObject({
      kind: "classic",
      maxProbes: 2,
    });
    expect(merged('limit: { rate: 1 claim: "sub" }', "limit: { by: PEER }", "").limit?.key).toBe("peer");
  });

  test("defaults do not reach methods that cannot have them, and what they had is told", () => {
    const file = "retry: { max_attempts: 2 } cache: { ttl: { seconds: 1 } }";
    const policy = merged(file, "", "", "IDEMPOTENCY_UNKNOWN");
    expect(policy).toMatchObject({ retry: undefined, cache: undefined });
    expect([...policy.leftOut].map(([part, { reason, level }]) => `${part} ${reason} ${level}`)).toEqual([
      "retry unfit file",
      "cache unfit file",
    ]);
    expect(merged(file, "", "", "NO_SIDE_EFFECTS")).toMatchObject({ retry: {}, cache: { ttlMs: 1_000 } });
    expect(merged(file, "", 'idempotency_key: "id"', "IDEMPOTENCY_UNKNOWN").retry?.maxAttempts).toBe(2);
  });

  test("a limit by a claim does not reach methods that anybody may call", () => {
    const limit = 'limit: { rate: 1 claim: "sub" }';
    const policy = merged("", limit, "auth: { public: true }");
    expect(policy).toMatchObject({ limit: undefined, auth: { public: true } });
    expect(policy.leftOut.get("limit")).toMatchObject({ reason: "unfit", level: "service" });
    expect(merged("auth: { public: true }", limit, "auth: { public: false }").limit).toMatchObject({ rate: 1 });
    // in one place it is a contradiction
    const { diagnostics } = modelOf({ "a.proto": contract("", `${limit} auth: { public: true }`, "") });
    expect(diagnostics.map(({ code }) => code)).toEqual(["E2080"]);
  });

  test("attempts and copies have a default", () => {
    expect(merged("", "", "retry: { codes: ABORTED }").retry).toMatchObject({ maxAttempts: 3, codes: ["ABORTED"] });
    expect(merged("", "", "hedge: { delay: { nanos: 5000000 } }").hedge).toMatchObject({ maxAttempts: 2, delayMs: 5 });
    const late = "timeout: { nanos: 5000000 } hedge: { delay: { nanos: 5000000 } }";
    expect(modelOf({ "a.proto": contract("", "", late) }).diagnostics.map(({ code }) => code)).toEqual(["E2064"]);
  });

  test("a scope that the configuration asks for is declared there", () => {
    const origin = { file: "wirespan.config.yaml", line: 3, column: 3, length: 7 };
    const policies = { values: new Map([["auth.scopes", { value: ["staff"], origin, group: origin }]]), scopes: [] };
    const { diagnostics } = modelOf({ "a.proto": contract("", "", "") }, { policies });
    expect(diagnostics).toMatchObject([
      { code: "E2082", origin, help: 'declare it: policies: { scopes: { "staff": "what it is for" } }' },
    ]);
  });

  test("a method may go without", () => {
    const all =
      "timeout: { seconds: 9 } retry: { max_attempts: 2 } limit: { rate: 1 } breaker: { ramp: {} } cache: { ttl: { seconds: 1 } }";
    const policy = merged(all, "", "without: [TIMEOUT, RETRY, LIMIT, BREAKER, CACHE]", "NO_SIDE_EFFECTS");
    expect({ ...policy, origin: undefined, leftOut: new Map() }).toEqual(noPolicy);
    expect([...policy.leftOut.values()].map(({ reason }) => reason)).toEqual(
      Array.from({ length: 5 }, () => "without"),
    );
    // what it says itself holds
    expect(merged(all, "", "without: RETRY retry: { max_attempts: 4 }").retry?.maxAttempts).toBe(4);
  });

  test("a configuration is the most general of all", () => {
    const origin = { file: "wirespan.config.yaml", line: 3, column: 3, length: 7 };
    const policies = {
      values: new Map([
        ["timeoutMs", { value: 1_000, origin, group: origin }],
        ["limit.concurrency", { value: 7, origin, group: origin }],
      ]),
      scopes: [{ name: "admin", description: "", level: "configuration", origin } as const],
    };
    const text = contract("timeout: { seconds: 2 }", "", 'auth: { scopes: "admin" }');
    const { model, diagnostics } = modelOf({ "a.proto": text }, { policies });
    expect(summaries(diagnostics)).toEqual([]);
    const service = model.services.get("a.S");
    expect(service?.scopes.map(({ name }) => name)).toEqual(["admin"]);
    expect(service?.methods[0]?.policy).toMatchObject({ timeoutMs: 2_000, limit: { concurrency: 7, maxQueue: 0 } });
    expect(service?.methods[0]?.policy.sources.get("limit.concurrency")).toEqual({ level: "configuration", origin });
  });

  test("an attempt's time may fill the call's to the last millisecond", () => {
    // 3 × 1000 ms and 1.2 × (100 + 200) ms
    const fits = "timeout: { seconds: 3 nanos: 360000000 } retry: { max_attempts: 3 attempt_timeout: { seconds: 1 } }";
    expect(merged("", "", fits).timeoutMs).toBe(3_360);
    const { diagnostics } = modelOf({ "a.proto": contract("", "", fits.replace("360", "359")) });
    expect(diagnostics.map(({ code }) => code)).toEqual(["E2064"]);
  });

  test("a method whose timeout is too short for the service's retry is at fault, not the service", () => {
    const text = contract("", "retry: { max_attempts: 3 }", "timeout: { nanos: 100000000 }");
    const { diagnostics } = modelOf({ "a.proto": text });
    expect(diagnostics.map(({ code, origin, related }) => [code, origin?.line, related[0]?.origin.line])).toEqual([
      ["E2064", 9, 7],
    ]);
  });
});
