import { readFileSync } from "node:fs";
import { describe, expect, onTestFinished, test } from "vitest";
import { messages } from "../../../src/generators/messages/index.js";
import { rpc } from "../../../src/generators/rpc/index.js";
import { Code, implementService, RpcError } from "../../../src/runtime/rpc/index.js";
import { createHttp2Server } from "../../../src/runtime/transports/http2.js";
import { emit } from "../../support/emit.js";
import { provideProgram } from "../../support/services.js";
import { chromium } from "../../support/services/chromium.js";
import { bundleFiles } from "../../unit/messages/support.js";
import { Echo, echo, gate, protoFile, within, type EchoHandler } from "../rpc/echo.js";
import { runInBrowser } from "./page.js";

/** Calls of all kinds that a browser can make, over each protocol and codec, and what came of them. */
const program = (url: string): string => `
import { createEchoClient } from "emitted/echo.rpc.js";
import { createConnectTransport, createGrpcWebTransport } from "@wirespan/runtime/transports/fetch";
const attempt = (work) => work().then((value) => JSON.stringify(value), (error) => error.code + " " + error.message);
const collect = async (all) => { const list = []; for await (const one of all) list.push(one.count); return list; };
async function run(transport) {
  const client = createEchoClient(transport);
  const seen = [];
  const options = { metadata: { "x-tag": "a" }, onHeader: (header) => seen.push(header.get("x-tag")) };
  options.onTrailer = (trailer) => seen.push([...trailer.getBytes("x-blob-bin")]);
  return [
    await attempt(() => client.say({ text: "grüße" }, options)), JSON.stringify(seen),
    await attempt(() => client.say({ text: "x".repeat(100000) }).then(({ text }) => text.length)),
    await attempt(() => client.say({ text: "fail" })),
    await attempt(() => client.say({ text: "slow" }, { timeoutMs: 100 })),
    await attempt(() => collect(client.split({ count: 1000 })).then((list) => list.length)),
    await attempt(() => client.join([{ text: "a" }, { text: "b" }])),
    await attempt(() => collect(client.chat([{ text: "a" }]))),
    await attempt(async () => { for await (const { text } of client.split({ text: "endless", count: 1e9 })) return text; }),
  ];
}
const baseUrl = "${url}";
const lists = await Promise.all([
  run(createConnectTransport(baseUrl)), run(createConnectTransport({ baseUrl, codec: "json", compression: "gzip" })),
  run(createGrpcWebTransport({ baseUrl })), run(createGrpcWebTransport({ baseUrl, codec: "json" })),
]);
export const results = lists.flat();
`;

const browser = await provideProgram(chromium);

describe.skipIf(browser === undefined)("M75: clients in a browser", () => {
  test("M75: a page and a worker of another origin call over Connect and gRPC-Web", { timeout: 60_000 }, async () => {
    const left = gate();
    let leaving = 8;
    const server = createHttp2Server({ cors: { origins: "*" } });
    const handler: EchoHandler = {
      ...echo,
      say(note, { header, trailer, metadata, signal }) {
        for (const value of metadata.getAll("x-tag")) header.set("x-tag", value);
        trailer.set("x-blob-bin", Uint8Array.of(1, 255));
        if (note.text === "fail") throw new RpcError(Code.NOT_FOUND, "there is none: grüße");
        if (note.text !== "slow") return note;
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
      },
      async *split(note, context) {
        if (note.text === "endless") context.signal.addEventListener("abort", () => --leaving === 0 && left.open());
        yield* echo.split(note, context);
      },
    };
    server.register(Echo, implementService(Echo, handler));
    const { port } = await server.listen("127.0.0.1:0");
    onTestFinished(() => server.close(0));

    const { files } = await emit({ "echo.proto": readFileSync(protoFile, "utf8") }, [messages, rpc]);
    const code = await bundleFiles(files, program(`http://127.0.0.1:${port}`));
    expect(code).not.toMatch(/(import|from)\s*\(?"node:/);
    const reports = await runInBrowser(browser ?? "", code);
    const expected = [
      '{"text":"grüße","count":0}',
      '["a",[1,255]]',
      "100000",
      "5 there is none: grüße",
      "4 the deadline is over",
      "1000",
      '{"text":"b","count":2}',
      "12 /wirespan.test.v1.Echo/Chat streams both ways, which fetch cannot do",
      '"endless"',
    ];
    for (const [from, report] of Object.entries(reports)) {
      expect(await within(30_000, report), from).toEqual(Array.from({ length: 4 }, () => expected).flat());
    }
    await within(2_000, left.promise);
  });
});
