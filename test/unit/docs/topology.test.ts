import { expect, test } from "vitest";
import { createDocsContext } from "../../../src/generators/docs/context.js";
import { topologyOf } from "../../../src/generators/docs/topology.js";
import { modelOfContracts } from "./support.js";

const proto =
  'syntax = "proto3";\npackage p;\nmessage Gone { string id = 1; }\nservice Stock { rpc Get(Gone) returns (Gone); }\n';
const events = (operations: string): string => `
asyncapi: 3.0.0
info: { title: Stock, version: 1.0.0 }
servers: { main: { host: localhost, protocol: amqp } }
channels:
  gone: { address: gone, messages: { gone: { payload: { $ref: "p.proto#/p.Gone" } } } }
  plain: { address: plain, messages: { plain: { payload: { type: string } } } }
operations:
  buy: { action: receive, channel: { $ref: "#/channels/gone" }, x-dead-letter: {} }
${operations}`;

async function inferred(operations: string): Promise<readonly string[]> {
  const model = await modelOfContracts({ "p.proto": proto, "stock.events.yaml": events(operations) });
  const edges = topologyOf(createDocsContext(model))?.edges ?? [];
  return edges.filter((edge) => edge.inferred).map(({ from, to }) => `${from} → ${to}`);
}

test("a channel that nobody is said to send to is drawn from the services beside its payload", async () => {
  const expected = ["service:p.Stock → channel:stock.events.yaml#gone"];
  expect(await inferred("")).toEqual(expected);
  const other = '  say: { action: send, channel: { $ref: "#/channels/plain" } }\n';
  expect(await inferred(other), "whatever happens on other channels").toEqual(expected);
});
