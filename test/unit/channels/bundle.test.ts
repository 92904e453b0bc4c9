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
      price: { payload: { type: object, required: [amount], properties: { amount: { type: number }, code: { type: string, pattern: "^(a+)+$" } } } }
      note: { payload: { type: string }, contentType: text/plain }
      raw: { contentType: application/octet-stream }
  trades:
    address: /trades
    messages:
      trade:
        contentType: application/vnd.apache.avro
        payload:
          schemaFormat: application/vnd.apache.avro;version=1.9.0
          schema: { type: record, name: Trade, fields: [{ name: id, type: string }] }
`;

test("M28: a client runs in browsers: its bundle needs no module of Node and holds nothing of servers", async () => {
  const { files, text } = await emitEvents(document);
  expect(text).not.toContain("@wirespan/runtime/queue");
  for (const name of ["ServerInfo", "linearPattern", "avroPayload"]) expect(text).toContain(name);
  // bundled for browsers, where an import of a module of Node is an error
  const bundle = await bundleFiles(
    files,
    `import { connectPrices, connectTrades } from "emitted/doc.events.js";
     const prices = await connectPrices("wss://h", { symbol: "x" });
     for await (const message of prices) console.log(message);
     await (await connectTrades("wss://h")).close();`,
  );
  expect(bundle).toContain("no global WebSocket");
  expect(bundle).toContain("/prices/{symbol}");
  for (const other of ["maxConnections", "too many connections", "dead letter"]) expect(bundle).not.toContain(other);
});
