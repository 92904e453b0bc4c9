import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { createPipeline } from "../../src/pipeline.js";
import type { ClientConnection } from "../../src/runtime/channels/index.js";
import { wsSocket } from "../../src/runtime/channels/ws.js";
import { compile, root } from "../support/compile.js";
import { corpus, haveCorpus } from "../support/corpus.js";
import { emittedModules } from "../support/load-emitted.js";
import { pipelineSettings } from "../support/pipeline.js";

const folders = {
  gemini: "asyncapi--spec--websocket-gemini-asyncapi",
  kraken: "asyncapi--spec--kraken-websocket-request-reply-message-filter-in-reply-asyncapi",
  krakenChannels: "asyncapi--spec--kraken-websocket-request-reply-multiple-channels-asyncapi",
};

type Connect = (url: string, ...rest: unknown[]) => Promise<ClientConnection<unknown, unknown>>;

describe.skipIf(!haveCorpus("WebSocket clients of other projects' documents"))(
  "documents nobody here wrote",
  async () => {
    const here = haveCorpus("");
    const outputs = await Promise.all(
      Object.values(folders).map(async (folder) => {
        if (!here) return [];
        const settings = { inputs: [`asyncapi/${folder}/*.yml`], protocol: "ws" };
        const result = await createPipeline(pipelineSettings(corpus, settings)).run();
        expect(result.diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
        return result.outputs.map(({ path, content }): [string, string] => [path, content]);
      }),
    );
    const files = new Map(outputs.flat());
    const load = emittedModules(files);
    const moduleOf = async (folder: string): Promise<Record<string, Connect>> =>
      // sound: only functions that connect are taken out of it
      (await load([...files.keys()].find((path) => path.includes(folder)) ?? "")) as Record<string, Connect>;

    let scratch: string;
    let server: WebSocketServer;
    let url: string;
    beforeAll(async () => {
      await mkdir(join(root, "node_modules/.cache"), { recursive: true });
      scratch = await mkdtemp(join(root, "node_modules/.cache/corpus-"));
      server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
      await once(server, "listening");
      url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    afterAll(async () => {
      for (const client of server.clients) client.terminate();
      server.close();
      await rm(scratch, { recursive: true, force: true });
    });

    test("M28: clients and servers compile under the strictest flags, without any", { timeout: 60_000 }, async () => {
      for (const [path, content] of files) {
        await mkdir(dirname(join(scratch, path)), { recursive: true });
        await writeFile(join(scratch, path), content);
        expect(content).toMatch(/export function connect/);
        expect(content).not.toMatch(/\bany\b(?=[;,>)\]| ])(?<!\* .*)/m);
      }
      expect(await compile(scratch, [`${scratch}/**/*.ts`])).toBe("");
    });

    test("M28: Gemini's market data from a bare server", async () => {
      const { connectMarketDataV1 } = await moduleOf("websocket-gemini");
      const asked = new Promise<string>((resolve) =>
        server.once("connection", (socket, request) => {
          socket.send(
            JSON.stringify({
              type: "update",
              eventId: 36902233362,
              timestamp: 1619769673,
              timestampms: 1619769673527,
              socket_sequence: 661,
              events: [{ type: "change", side: "bid", price: 3350.85, remaining: 0, delta: -0.21, reason: "cancel" }],
            }),
          );
          resolve(request.url ?? "");
        }),
      );
      const data = await connectMarketDataV1?.(
        url,
        { symbol: "btcusd" },
        { socket: wsSocket, query: { heartbeat: true } },
      );
      expect((await data?.[Symbol.asyncIterator]().next())?.value).toMatchObject({
        type: "update",
        socket_sequence: 661,
      });
      // defaults of the contract go along
      expect(await asked).toMatch(/^\/v1\/marketdata\/btcusd\?.*heartbeat=true/);
      await data?.close();
      await expect(connectMarketDataV1?.(url, { symbol: "dogeusd" }, { socket: wsSocket })).rejects.toMatchObject({
        code: "usage",
      });
    });

    test("M28: Kraken's ping and subscription, told apart by their event", async () => {
      const { connectCurrencyExchange } = await moduleOf("filter-in-reply");
      const got: unknown[] = [];
      server.once("connection", (socket) => {
        socket.on("message", (text: Buffer) => {
          const message = JSON.parse(text.toString()) as { event: string; reqid: number };
          got.push(message);
          socket.send(JSON.stringify({ event: "pong", reqid: message.reqid }));
          socket.send(JSON.stringify({ event: "heartbeat" }));
        });
      });
      const exchange = await connectCurrencyExchange?.(url, { socket: wsSocket });
      if (exchange === undefined) throw new Error("not emitted");
      await exchange.send({ case: "ping", value: { event: "ping", reqid: 42 } });
      const reader = exchange[Symbol.asyncIterator]();
      expect((await reader.next()).value).toEqual({ case: "pong", value: { event: "pong", reqid: 42 } });
      expect((await reader.next()).value).toEqual({ case: "heartbeat", value: { event: "heartbeat" } });
      expect(got).toEqual([{ event: "ping", reqid: 42 }]);
      await exchange.close();
    });
  },
);
