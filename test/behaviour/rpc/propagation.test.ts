import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bearer } from "../../../src/runtime/interceptors/index.js";
import { chain, Code, createServiceClient, type CallOptions, type Transport } from "../../../src/runtime/rpc/index.js";
import { createGrpcJsTransport } from "../../../src/runtime/transports/grpc-js.js";
import { createHttp2Transport } from "../../../src/runtime/transports/http2.js";
import { bundleProgram, runProgram, type Program } from "../../support/program.js";
import { Echo, collect, rejection, within, type EchoClient, type Note } from "./echo.js";

const programs: Program[] = [];
const transports: Transport[] = [];
let leaf: () => Program;
let front: { port: string; http: string };
let bundle: string;

/** Three processes: front → middle over http2, middle → leaf over grpc-js. */
async function startAll(): Promise<void> {
  const run = (...args: string[]): Program => {
    const program = runProgram(bundle, args);
    programs.push(program);
    return program;
  };
  const last = run("leaf");
  const middle = run("middle", `127.0.0.1:${await last.line("port ")}`);
  const first = run("front", `127.0.0.1:${await middle.line("port ")}`);
  front = { port: await first.line("port "), http: await first.line("http ") };
  leaf = () => last;
}

beforeAll(async () => {
  bundle = await bundleProgram(fileURLToPath(new URL("relay-process.ts", import.meta.url)), "relay");
  await startAll();
});

afterAll(async () => {
  await Promise.all(transports.map((transport) => transport.close(100)));
  for (const { child } of programs) child.kill("SIGKILL");
});

interface Told {
  readonly user: string;
  readonly deadline?: number;
  readonly trace: readonly (string | null)[];
  readonly pid: number;
}

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";
const trace = { traceparent: `00-${traceId}-${spanId}-01`, tracestate: "vendor=1", baggage: "userId=alice" };

function check(told: Told, deadline: number | undefined): void {
  expect(told.user).toBe("ADA");
  const [traceparent = "", ...rest] = told.trace;
  expect(traceparent).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
  expect(traceparent).not.toContain(spanId);
  expect(rest).toEqual([trace.tracestate, trace.baggage]);
  if (deadline === undefined) expect(told.deadline).toBeUndefined();
  else expect(Math.abs((told.deadline ?? 0) - deadline)).toBeLessThan(1_000);
  expect(told.pid).toBe(leaf().child.pid);
}

/** What the middle's answer to `say` holds: the leaf's, and the headers of the event it published. */
function parseSay(text: string): { readonly told: Told; readonly event: Readonly<Record<string, string>> } {
  const { leaf: inner, event } = JSON.parse(text) as { leaf: string; event: Record<string, string> };
  return { told: JSON.parse(inner) as Told, event };
}

function checkEvent(event: Readonly<Record<string, string>>, deadline: number): void {
  expect(event["traceparent"]).toContain(traceId);
  expect(event["baggage"]).toBe(trace.baggage);
  expect(Math.abs(Number(event["x-deadline"]) - deadline)).toBeLessThan(1_000);
  expect(JSON.stringify(event)).not.toMatch(/\bada\b/i);
}

describe.each([
  ["grpc-js", createGrpcJsTransport],
  ["http2", createHttp2Transport],
] as const)("M7, F2: over three processes, the first called over %s", (_, connect) => {
  let client: EchoClient;
  beforeAll(() => {
    const transport = connect(`127.0.0.1:${front.port}`);
    transports.push(transport);
    client = createServiceClient<EchoClient>(Echo, transport, { chain: chain().use(bearer("ada")) });
  });

  const kinds: readonly (readonly [string, (text: string, options: CallOptions) => Promise<string>])[] = [
    ["unary", async (text, options) => (await client.say({ text }, options)).text],
    ["server stream", async (text, options) => textOf(await collect(client.split({ text }, options)))],
    ["client stream", async (text, options) => (await client.join([{ text }], options)).text],
    ["bidi stream", async (text, options) => textOf(await collect(client.chat([{ text }], options)))],
  ];
  const textOf = (notes: readonly Note[]): string => notes.map(({ text }) => text).join("");
  const toldBy = (kind: string, text: string): Told =>
    kind === "unary" ? parseSay(text).told : (JSON.parse(text) as Told);

  test.each(kinds)("M7, F2: %s: deadline, trace and identity reach the third", async (kind, call) => {
    const timeoutMs = 60_000;
    check(toldBy(kind, await call("a", { timeoutMs, metadata: trace })), Date.now() + timeoutMs);
    check(toldBy(kind, await call("a", { metadata: trace })), undefined);
  });

  test("M7, F2: trace and deadline, not the identity, are in what the second publishes", async () => {
    const timeoutMs = 60_000;
    const deadline = Date.now() + timeoutMs;
    const { event } = parseSay((await client.say({}, { timeoutMs, metadata: trace })).text);
    checkEvent(event, deadline);
  });

  test.each([1_000 * 3_600_000, 30_000_000_000])("M7: a deadline in %d ms holds over all hops", async (timeoutMs) => {
    const { told } = parseSay((await client.say({}, { timeoutMs, metadata: trace })).text);
    expect(Math.abs((told.deadline ?? 0) - Date.now() - timeoutMs)).toBeLessThan(5_000);
  });

  test.each(kinds)("M7, F2: %s: cancelling and running out of time stop the third", async (_kind, call) => {
    const before = (await leaf().lines("over ", 0)).length;
    const controller = new AbortController();
    const cancelled = rejection(call("wait", { signal: controller.signal }));
    await leaf().lines("waiting", before + 1);
    controller.abort();
    expect(await within(2_000, cancelled)).toMatchObject({ code: Code.CANCELLED });
    await within(2_000, leaf().lines("over ", before + 1));
    const expired = rejection(call("wait", { timeoutMs: 250 }));
    expect(await within(2_000, expired)).toMatchObject({ code: Code.DEADLINE_EXCEEDED });
    const over = (await within(2_000, leaf().lines("over ", before + 2))).slice(before);
    expect(over[0]).toBe("over CANCELLED");
    // its own clock, or the cancel of the one before it, whichever is first
    expect(over[1]).toMatch(/^over (DEADLINE_EXCEEDED|CANCELLED)$/);
  });
});

test("M7, F2: REST → gRPC → gRPC and the event: one trace, one deadline, one identity", async () => {
  const timeoutMs = 60_000;
  const deadline = Date.now() + timeoutMs;
  const response = await fetch(`http://127.0.0.1:${front.http}/say`, {
    method: "POST",
    headers: { ...trace, authorization: "Bearer ada", "grpc-timeout": "60S", "content-type": "application/json" },
    body: JSON.stringify({ text: "a" }),
  });
  expect(response.status).toBe(200);
  const { told, event } = parseSay(((await response.json()) as Note).text);
  check(told, deadline);
  checkEvent(event, deadline);
});

test("M7, F2: a REST client that goes away stops the last process", async () => {
  const before = (await leaf().lines("over ", 0)).length;
  const controller = new AbortController();
  const gone = rejection(
    fetch(`http://127.0.0.1:${front.http}/say`, {
      method: "POST",
      headers: { authorization: "Bearer ada", "content-type": "application/json" },
      body: JSON.stringify({ text: "wait" }),
      signal: controller.signal,
    }),
  );
  await leaf().lines("waiting", before + 1);
  controller.abort();
  await gone;
  expect((await within(2_000, leaf().lines("over ", before + 1))).at(-1)).toBe("over CANCELLED");
});
