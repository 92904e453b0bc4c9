import { expect, test } from "vitest";
import { emitEvents } from "../events/support.js";
import { bundleFiles } from "../messages/support.js";

const document = `asyncapi: 3.0.0
info: { title: Ticker, version: 1.0.0 }
servers: { s: { host: h, protocol: wss } }
channels:
  prices:
    address: /prices/{symbol}
    parameters: { symbol: {} }
    messages:
      price: { payload: { type: object, required: [amount], properties: { amount: { type: number } } } }
      note: { payload: { type: string }, contentType: text/plain }
      raw: { contentType: application/octet-stream }
`;

test("M28: a client runs in browsers: its bundle needs no module of Node and holds nothing of servers", async () => {
  const { files, text } = await emitEvents(document);
  expect(text).not.toContain("@wirespan/runtime/queue");
  // bundled for browsers, where an import of a module of Node is an error
  const bundle = await bundleFiles(
    files,
    `import { connectPrices } from "emitted/doc.events.js";
     const prices = await connectPrices("wss://h", { symbol: "x" });
     for await (const message of prices) console.log(message);`,
  );
  expect(bundle).toContain("no global WebSocket");
  expect(bundle).toContain("/prices/{symbol}");
  for (const other of ["maxConnections", "too many connections", "dead letter"]) expect(bundle).not.toContain(other);
});
