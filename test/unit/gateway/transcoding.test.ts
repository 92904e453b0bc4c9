import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { http } from "../../../src/generators/http/index.js";
import { messages } from "../../../src/generators/messages/index.js";
import { rpc } from "../../../src/generators/rpc/index.js";
import {
  type GatewayResponse,
  type RouteOptions,
  type RouteSet,
  createGateway,
} from "../../../src/runtime/gateway/index.js";
import { Code, RpcError, codeOfName } from "../../../src/runtime/rpc/index.js";
import { type JsonValue, type MessageType, createRegistry } from "../../../src/runtime/wire/index.js";
import { corpus, haveCorpus } from "../../support/corpus.js";
import { emit } from "../../support/emit.js";
import { emittedModules } from "../../support/load-emitted.js";
import { modelOf } from "../../support/model.js";

interface Vector {
  readonly id: string;
  readonly level: string;
  readonly template?: string;
  readonly bindings?: readonly Binding[];
  readonly request?: { readonly method: string; readonly target: string; readonly body?: JsonValue };
  readonly response?: ResponseSpec;
  readonly expect: Expectation & { readonly anyOf?: readonly Expectation[] };
}

interface Binding {
  readonly method: string;
  readonly template: string;
  readonly body?: string;
  readonly response_body?: string;
  readonly content_type?: string;
}

interface ResponseSpec {
  readonly type?: string;
  readonly message?: JsonValue;
  readonly error?: ErrorSpec;
  readonly stream?: readonly { readonly message?: JsonValue; readonly error?: ErrorSpec }[];
}

interface ErrorSpec {
  readonly code: string;
  readonly message: string;
  readonly details?: readonly { readonly [key: string]: JsonValue }[];
}

interface Expectation {
  readonly request?: JsonValue;
  readonly request_raw?: string;
  readonly binding?: number;
  readonly error?: { readonly http: number; readonly code?: string; readonly allow?: string };
  readonly template_error?: boolean;
  readonly segments?: readonly string[];
  readonly variables?: Readonly<Record<string, readonly [number, number]>>;
  readonly verb?: string;
  readonly http?: number;
  readonly content_type?: string;
  readonly body?: JsonValue;
  readonly body_includes?: Readonly<Record<string, JsonValue>>;
  readonly body_list_length?: number;
  readonly raw?: string;
  readonly lines?: readonly JsonValue[];
}

const vectors: readonly Vector[] = haveCorpus("transcoding vectors")
  ? (JSON.parse(readFileSync(join(corpus, "transcoding.json"), "utf8")) as { vectors: Vector[] }).vectors
  : [];

/** Known failures: a committed file that should shrink to nothing. */
const failing = new Set(
  readFileSync(new URL("./transcoding-failing.txt", import.meta.url), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#")),
);

function rule({ method, template, body, response_body: responseBody }: Binding): string {
  const verb = method.toLowerCase();
  const pattern = ["get", "put", "post", "delete", "patch"].includes(verb)
    ? `${verb}: ${JSON.stringify(template)}`
    : `custom: { kind: ${JSON.stringify(method)} path: ${JSON.stringify(template)} }`;
  const parts = [pattern, body && `body: "${body}"`, responseBody && `response_body: "${responseBody}"`];
  return `{ ${parts.filter(Boolean).join(" ")} }`;
}

/** One service per vector, so that their routes do not meet. */
function contractOf(all: readonly Vector[]): string {
  const services = all.map(({ response, bindings = [] }, i) => {
    const output = `${response?.stream === undefined ? "" : "stream "}${response?.type ?? "Res"}`;
    const methods = bindings.map(
      (binding, n) => `rpc B${n}(Req) returns (${output}) { option (google.api.http) = ${rule(binding)}; }`,
    );
    return `service V${i} { ${methods.join(" ")} }`;
  });
  const imports = ["google/api/annotations.proto", "google/protobuf/empty.proto", "google/rpc/error_details.proto"];
  const used = "message Uses { google.rpc.BadRequest bad_request = 1; }";
  return [
    'syntax = "proto3"; package tc.v1; import "transcoding.proto";',
    ...imports.map((path) => `import "${path}";`),
    ...services,
    used,
  ].join("\n");
}

function sourceOf(all: readonly Vector[]): Record<string, string> {
  const transcoding = readFileSync(join(corpus, "transcoding.proto"), "utf8");
  return { "transcoding.proto": transcoding, "vectors.proto": contractOf(all) };
}

type AnyType = MessageType<unknown, unknown>;
type Routes = (backend: object, options?: RouteOptions) => RouteSet;

const served = vectors.filter(
  ({ bindings, expect: wanted }) => bindings !== undefined && wanted.template_error !== true,
);
const templates = vectors.filter(
  ({ template, expect: wanted }) => template !== undefined || wanted.template_error === true,
);
const passed = new Map<string, number>();
const total = new Map<string, number>();

function count({ level }: Vector, check: () => void | Promise<void>): Promise<void> {
  total.set(level, (total.get(level) ?? 0) + 1);
  return Promise.resolve(check()).then(() => void passed.set(level, (passed.get(level) ?? 0) + 1));
}

describe.runIf(vectors.length > 0)("M44: transcoding vectors", () => {
  let routesModule: Record<string, unknown>;
  let req: AnyType;
  let res: AnyType;
  let badRequest: AnyType;

  beforeAll(async () => {
    const { files, diagnostics } = await emit(sourceOf(served), [messages, rpc, http]);
    expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
    const load = emittedModules(files);
    routesModule = await load("vectors.http.ts");
    const types = await load("transcoding.pb.ts");
    req = types["Req"] as AnyType;
    res = types["Res"] as AnyType;
    badRequest = (await load("google/rpc/error_details.pb.ts"))["BadRequest"] as AnyType;
  });

  afterAll(() => {
    const figures = [...total].map(([level, all]) => `${level} ${passed.get(level) ?? 0}/${all}`);
    console.info(`transcoding vectors: ${figures.join(", ")}`);
  });

  test.each(served.map((vector, index) => ({ ...vector, index })))("$id ($level)", (vector) =>
    expectation(vector, () => count(vector, () => serveVector(vector, vector.index))),
  );

  test.each(templates)("$id ($level)", (vector) =>
    expectation(vector, () => count(vector, () => checkTemplate(vector))),
  );

  /** A vector on the list of failures must fail: the list may not keep what passes. */
  async function expectation({ id }: Vector, run: () => Promise<void>): Promise<void> {
    if (failing.has(id)) await expect(run()).rejects.toThrow();
    else await run();
  }

  async function serveVector(vector: Vector, index: number): Promise<void> {
    const seen: { binding: number; request: unknown }[] = [];
    const answer = (binding: number) => (request: unknown) => {
      seen.push({ binding, request });
      return respond(vector.response);
    };
    const handler = Object.fromEntries((vector.bindings ?? []).map((_, n) => [`b${n}`, answer(n)]));
    const routes = (routesModule[`v${index}Routes`] as Routes)(handler);
    const gateway = createGateway({ routes: [routes], registry: createRegistry(badRequest as never) });
    const first = vector.bindings?.[0];
    const { method, target, body } = vector.request ?? { method: first?.method ?? "", target: first?.template ?? "" };
    const response = await gateway.handle({
      method,
      url: target,
      headers: body === undefined ? {} : { "content-type": first?.content_type ?? contentType(body) },
      body: body === undefined ? undefined : Buffer.from(bodyText(body)),
    });
    const answers = vector.expect.anyOf ?? [vector.expect];
    const failures: unknown[] = [];
    for (const wanted of answers) {
      try {
        await check(wanted, response, seen);
        return;
      } catch (error) {
        failures.push(error);
      }
    }
    throw failures[0];
  }

  function respond(spec: ResponseSpec = {}): unknown {
    if (spec.error !== undefined) throw errorOf(spec.error);
    if (spec.stream !== undefined) return streamOf(spec.stream);
    return spec.type === undefined ? res.fromJson(spec.message ?? {}) : {};
  }

  async function* streamOf(steps: NonNullable<ResponseSpec["stream"]>): AsyncGenerator<unknown> {
    for (const { message, error } of steps) {
      if (error !== undefined) throw errorOf(error);
      yield res.fromJson(message ?? {});
    }
  }

  function errorOf({ code, message, details = [] }: ErrorSpec): RpcError {
    return new RpcError(codeOfName(code) ?? Code.UNKNOWN, message, {
      details: details.map(({ "@type": typeUrl, ...fields }) => ({
        typeUrl: String(typeUrl),
        value: badRequest.encode(badRequest.fromJson(fields)),
      })),
    });
  }

  async function check(
    wanted: Expectation,
    { status, headers, body }: GatewayResponse,
    seen: readonly { readonly binding: number; readonly request: unknown }[],
  ): Promise<void> {
    const bytes = await textOf(body);
    if (wanted.error !== undefined) {
      expect(status).toBe(wanted.error.http);
      if (wanted.error.allow !== undefined) expect(headers["allow"]).toBe(wanted.error.allow);
      const { code } = JSON.parse(bytes) as { code: number };
      if (wanted.error.code !== undefined) expect(code).toBe(codeOfName(wanted.error.code));
      expect(seen).toEqual([]);
      return;
    }
    if (wanted.request !== undefined || wanted.request_raw !== undefined) {
      expect({ status, bytes, seen: seen.length }).toMatchObject({ status: 200, seen: 1 });
      const [call] = seen;
      if (wanted.request_raw !== undefined) expect(req.toJsonString(call?.request)).toBe(wanted.request_raw);
      else expect(req.toJson(call?.request)).toEqual(wanted.request);
      if (wanted.binding !== undefined) expect(call?.binding).toBe(wanted.binding);
    }
    if (wanted.http !== undefined) expect(status).toBe(wanted.http);
    if (wanted.content_type !== undefined) expect(headers["content-type"]).toBe(wanted.content_type);
    if (wanted.body !== undefined) expect(JSON.parse(bytes)).toEqual(wanted.body);
    if (wanted.body_includes !== undefined) expect(JSON.parse(bytes)).toMatchObject(wanted.body_includes);
    if (wanted.body_list_length !== undefined) expect(JSON.parse(bytes)).toHaveLength(wanted.body_list_length);
    if (wanted.raw !== undefined) expect(bytes).toBe(wanted.raw);
    if (wanted.lines !== undefined) {
      const lines = bytes.trimEnd().split("\n");
      expect(lines.map((line) => JSON.parse(line) as JsonValue)).toMatchObject(wanted.lines as object[]);
      expect(lines).toHaveLength(wanted.lines.length);
    }
  }

  function checkTemplate({ template, bindings, expect: wanted }: Vector): void {
    const all = bindings ?? [{ method: "GET", template: template ?? "" }];
    const contract = { id: "", level: "", bindings: all, expect: {} };
    const { model, diagnostics } = modelOf(sourceOf([contract]));
    const found = diagnostics.filter(({ severity }) => bindings !== undefined || severity === "error");
    if (wanted.template_error === true) {
      expect(found.length).toBeGreaterThan(0);
      return;
    }
    expect(found).toEqual([]);
    const path = model.services.get("tc.v1.V0")?.methods[0]?.routes[0]?.path;
    const segments = path?.segments.map((each) =>
      each.kind === "literal" ? each.value : each.kind === "one" ? "*" : "**",
    );
    expect(segments).toEqual(wanted.segments);
    const variables = path?.variables.map(({ field, start, end }) => [field.join("."), [start, end]]);
    expect(Object.fromEntries(variables ?? [])).toEqual(wanted.variables);
    expect(path?.customVerb ?? "").toBe(wanted.verb);
  }
});

function contentType(body: JsonValue): string {
  return special(body, "$form") === undefined ? "application/json" : "application/x-www-form-urlencoded";
}

function bodyText(body: JsonValue): string {
  return special(body, "$raw") ?? special(body, "$form") ?? JSON.stringify(body);
}

function special(body: JsonValue, name: string): string | undefined {
  const value = typeof body === "object" && body !== null && !Array.isArray(body) ? body[name] : undefined;
  return typeof value === "string" ? value : undefined;
}

async function textOf(body: GatewayResponse["body"]): Promise<string> {
  if (typeof body === "string") return body;
  if (body instanceof Uint8Array) return Buffer.from(body).toString();
  let text = "";
  for await (const chunk of body) text += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
  return text;
}
