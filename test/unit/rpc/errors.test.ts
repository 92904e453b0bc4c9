import { describe, expect, test } from "vitest";
import { BadRequest, ErrorInfo, errorDetails, RetryInfo, Status } from "../../../src/runtime/errors/index.js";
import { deadHeaders, deadLetterError } from "../../../src/runtime/queue/index.js";
import { headersOfError } from "../../../src/runtime/queue/dead-error.js";
import { RestError } from "../../../src/runtime/rest/index.js";
import {
  Code,
  createDeclaredError,
  decodeStatusDetails,
  detailOf,
  encodeStatusDetails,
  findDetail,
  isDeclaredError,
  RpcError,
  type ErrorDeclaration,
} from "../../../src/runtime/rpc/index.js";
import { packAny, unpackAny } from "../../../src/runtime/wkt/index.js";

const userNotFound: ErrorDeclaration = {
  reason: "USER_NOT_FOUND",
  domain: "users.acme.example",
  code: Code.NOT_FOUND,
  message: "there is no user {id} in {realm}",
};

describe("M20: errors of contracts", () => {
  test("M20: code, message with its keys filled, ErrorInfo as the first detail", () => {
    const more = packAny(RetryInfo, { retryDelay: { seconds: 3n } });
    const error = createDeclaredError(userNotFound, { id: "42", realm: "ä {id}" }, { details: [more] });
    expect(error).toMatchObject({
      code: Code.NOT_FOUND,
      codeName: "NOT_FOUND",
      message: "there is no user 42 in ä {id}",
      info: { reason: "USER_NOT_FOUND", domain: "users.acme.example", metadata: { id: "42", realm: "ä {id}" } },
    });
    expect(findDetail(error, ErrorInfo)).toEqual({
      reason: "USER_NOT_FOUND",
      domain: "users.acme.example",
      metadata: { id: "42", realm: "ä {id}" },
    });
    expect(findDetail(error, RetryInfo)?.retryDelay?.seconds).toBe(3n);
    expect(error.details).toHaveLength(2);
  });

  test("M20: what the generated messages write the hand-written reader reads, and the other way round", () => {
    const metadata = { a: "", "": "b", ["__proto__"]: "c", constructor: "d" };
    const value = { reason: "R_1", domain: "d", metadata };
    const error = new RpcError(Code.ABORTED, "", { details: [detailOf(ErrorInfo, value)] });
    expect(Object.entries(error.info?.metadata ?? {}).sort()).toEqual(Object.entries(metadata).sort());
    const declared = createDeclaredError({ ...userNotFound, reason: "R_1", domain: "d" }, metadata);
    expect(Object.entries(findDetail(declared, ErrorInfo)?.metadata ?? {}).sort()).toEqual(
      Object.entries(metadata).sort(),
    );
  });

  test("M20: google.rpc.Status as the generated message has it", () => {
    const details = [packAny(BadRequest, { fieldViolations: [{ field: "name", description: "is empty" }] })];
    const bytes = encodeStatusDetails({ code: 3, message: "ä", details });
    const status = Status.decode(bytes);
    expect(status).toMatchObject({ code: 3, message: "ä" });
    expect(unpackAny(status.details[0] ?? {}, BadRequest).fieldViolations[0]?.field).toBe("name");
    expect(decodeStatusDetails(Status.encode(status))).toEqual({ code: 3, message: "ä", details });
  });

  test("M20: a guard knows the error by reason and domain, whatever else it is", () => {
    const error = createDeclaredError(userNotFound, { id: "1", realm: "r" });
    expect(isDeclaredError(error, userNotFound)).toBe(true);
    expect(isDeclaredError(error, { ...userNotFound, domain: "other" })).toBe(false);
    expect(isDeclaredError(error, { ...userNotFound, reason: "OTHER" })).toBe(false);
    expect(isDeclaredError(new RpcError(Code.NOT_FOUND, error.message), userNotFound)).toBe(false);
    const broken = { typeUrl: "type.googleapis.com/google.rpc.ErrorInfo", value: Uint8Array.of(0x0a, 0xff) };
    expect(isDeclaredError(new RpcError(Code.NOT_FOUND, "", { details: [broken] }), userNotFound)).toBe(false);
    for (const value of [undefined, null, 1, "x", {}, { info: null }, new Error("x")]) {
      expect(isDeclaredError(value, userNotFound)).toBe(false);
    }
  });

  test("M20: a RestError has it from JSON", () => {
    const detail = {
      "@type": "type.googleapis.com/google.rpc.ErrorInfo",
      reason: "USER_NOT_FOUND",
      domain: "users.acme.example",
      metadata: { id: "1" },
    };
    const error = new RestError(5, "gone", { details: ["x", { "@type": "x" }, detail] });
    expect(error.info).toEqual({ reason: "USER_NOT_FOUND", domain: "users.acme.example", metadata: { id: "1" } });
    expect(isDeclaredError(error, userNotFound)).toBe(true);
    const wrong = [{ ...detail, metadata: { id: 1 } }, { ...detail, reason: 1 }, null];
    expect(new RestError(5, "", { details: wrong }).info).toBeUndefined();
  });

  test("M20: every message of error_details.proto is known by its name", () => {
    const names =
      "ErrorInfo RetryInfo DebugInfo QuotaFailure PreconditionFailure BadRequest RequestInfo ResourceInfo Help LocalizedMessage";
    for (const name of names.split(" ")) expect(errorDetails.get(`google.rpc.${name}`)?.typeName).toContain(name);
  });
});

describe("M20: dead letters", () => {
  test("M20: the headers tell the error, and the error can be read from them", () => {
    const error = createDeclaredError(userNotFound, { id: "42", realm: "r" });
    const headers = headersOfError(error);
    expect(headers).toEqual({
      [deadHeaders.code]: "NOT_FOUND",
      [deadHeaders.errorReason]: "USER_NOT_FOUND",
      [deadHeaders.errorDomain]: "users.acme.example",
      [deadHeaders.errorMetadata]: '{"id":"42","realm":"r"}',
    });
    const read = deadLetterError({ ...headers, [deadHeaders.reason]: "exhausted: gone" });
    expect(isDeclaredError(read, userNotFound)).toBe(true);
    expect(read).toMatchObject({ message: "exhausted: gone", codeName: "NOT_FOUND", info: { metadata: { id: "42" } } });
  });

  test("M20: other errors have none of them, and what others wrote does no harm", () => {
    expect(headersOfError(new Error("x"))).toEqual({});
    expect(headersOfError(new RpcError(Code.ABORTED, "x"))).toEqual({ [deadHeaders.code]: "ABORTED" });
    const big = createDeclaredError(userNotFound, { id: "x".repeat(5_000) });
    expect(Object.keys(headersOfError(big))).not.toContain(deadHeaders.errorMetadata);
    expect(deadLetterError({})).toBeUndefined();
    const forged = deadLetterError({
      [deadHeaders.reason]: "x",
      [deadHeaders.errorReason]: "R",
      [deadHeaders.errorDomain]: "d",
      [deadHeaders.errorMetadata]: '{"a":1,"__proto__":"p"',
    });
    expect(forged?.info).toEqual({ reason: "R", domain: "d", metadata: {} });
  });
});
