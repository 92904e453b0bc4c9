import { expect, test } from "vitest";
import { createDocsContext } from "../../../src/generators/docs/context.js";
import { layOut } from "../../../src/generators/docs/layout.js";
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

test("F7: consumers lead to their dead-letter channel and to where they reply, and that to who asked", async () => {
  const model = await modelOfContracts({
    "shop.yaml": `
asyncapi: 3.0.0
info: { title: Shop, version: 1.0.0 }
servers: { main: { host: localhost, protocol: amqp } }
channels:
  quotes: { address: quotes, messages: { ask: { payload: { type: string } } } }
  quoteReplies: { address: quotes.replies, messages: { answer: { payload: { type: string } } } }
  dead: { address: quotes.dead, messages: { ask: { payload: { type: string } } } }
operations:
  quote:
    action: receive
    channel: { $ref: "#/channels/quotes" }
    reply: { channel: { $ref: "#/channels/quoteReplies" } }
    x-dead-letter: { channel: { $ref: "#/channels/dead" } }
  ask:
    action: send
    channel: { $ref: "#/channels/quotes" }
    reply: { channel: { $ref: "#/channels/quoteReplies" } }
  alert: { action: receive, channel: { $ref: "#/channels/dead" }, x-dead-letter: false }
`,
  });
  const topology = topologyOf(createDocsContext(model));
  const short = (id: string): string => id.replace(/^(\w+):shop\.yaml#?/, "$1 ").trim();
  expect(topology?.edges.map(({ from, to }) => `${short(from)} → ${short(to)}`)).toEqual([
    "channel quotes → consumer quote",
    "consumer quote → channel quoteReplies",
    "consumer quote → channel dead",
    "application → channel quotes",
    "channel quoteReplies → application",
    "channel dead → consumer alert",
  ]);
  // lines that go back to the left are drawn like all others
  const { edges } = await layOut(topology ?? { nodes: [], edges: [] });
  expect(edges.map(({ points }) => points.length >= 2)).toEqual(edges.map(() => true));
});

test("dead letters and replies are not from the services beside their payload", async () => {
  const dead =
    '  drop: { action: receive, channel: { $ref: "#/channels/plain" }, x-dead-letter: { channel: { $ref: "#/channels/gone" } } }\n';
  expect(await inferred(dead)).toEqual([]);
});
