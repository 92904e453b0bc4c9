import { expect, test } from "vitest";
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
