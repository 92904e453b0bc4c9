import { describe, expect, test } from "vitest";
import { socketMessages } from "../../../src/model/index.js";
import { emitEvents } from "../events/support.js";
import { codesOf, link } from "./support.js";

const head = (version: string, server: string): string =>
  `asyncapi: ${version}\ninfo: { title: T, version: "1" }\nservers: { s: ${server} }\n`;
const v3 = (channel: string, operations = "{}"): string =>
  `${head("3.0.0", "{ host: h, protocol: wss }")}channels:\n  c: { address: /c, ${channel} }\noperations: ${operations}\n`;
const messages = "messages: { a: { payload: { type: string } }, b: { payload: { type: string } } }";
const ref = (name: string): string => `{ $ref: "#/channels/c/messages/${name}" }`;
const operation = (action: string, name: string, more = ""): string =>
  `{ action: ${action}, channel: { $ref: "#/channels/c" }, messages: [${ref(name)}] ${more} }`;

function directions(text: string): { readonly sends: readonly string[]; readonly receives: readonly string[] } {
  const { file } = link(text);
  const [channel] = file?.channels ?? [];
  if (file === undefined || channel === undefined) throw new Error("no channel");
  const ids = (action: "send" | "receive"): readonly string[] =>
    socketMessages(channel, file.operations, action).map(({ id }) => id);
  return { sends: ids("send"), receives: ids("receive") };
}

describe("M28: WebSocket in a document", () => {
  test("M28: a channel is over WebSocket by its servers, its bindings or the run's protocol", () => {
    expect(link(v3(messages)).file?.channels[0]).toMatchObject({ onBroker: false, socket: { side: "server" } });
    expect(link(v3(messages))).toMatchObject({ file: { modelsOnly: false, protocols: ["ws"] }, diagnostics: [] });
    const bare = `asyncapi: 3.0.0\ninfo: { title: T, version: "1" }\nchannels:\n  c: { address: /c, ${messages} BINDINGS }\n`;
    const bound = link(bare.replace("BINDINGS", ", bindings: { ws: { method: GET } }"));
    expect(bound.file?.channels[0]?.socket).toBeDefined();
    const told = link(bare.replace("BINDINGS", ""), { options: { protocol: "wss" } });
    expect(told.file?.channels[0]?.socket).toBeDefined();
    expect(link(bare.replace("BINDINGS", "")).file).toMatchObject({ modelsOnly: true });
  });

  test("M28: who sends what follows from the operations, replies among them; without any, both send all", () => {
    expect(directions(v3(messages))).toEqual({ sends: ["a", "b"], receives: ["a", "b"] });
    expect(directions(v3(messages, `{ s: ${operation("send", "a")} }`))).toEqual({ sends: ["a"], receives: [] });
    const reply = `, reply: { channel: { $ref: "#/channels/c" }, messages: [${ref("b")}] }`;
    expect(directions(v3(messages, `{ r: ${operation("receive", "a", reply)} }`))).toEqual({
      sends: ["b"],
      receives: ["a"],
    });
  });

  test("M28: in 2.x, publish is what clients send", () => {
    const text = `${head("2.6.0", "{ url: 'wss://h', protocol: wss }")}channels:
  /c:
    publish: { message: { name: a, payload: { type: string } } }
    subscribe: { message: { name: b, payload: { type: string } } }
`;
    expect(directions(text)).toEqual({ sends: ["b"], receives: ["a"] });
  });

  test("M28: the nearest x-websocket says the side; what is wrong with it is said", () => {
    const said = (channel: string, server: string): unknown =>
      link(v3(`${channel} ${messages}`).replace("protocol: wss", `protocol: wss ${server}`)).file?.channels[0]?.socket;
    expect(said("", ", x-websocket: { side: client }")).toMatchObject({ side: "client", envelope: false });
    expect(said("x-websocket: { side: server },", ", x-websocket: { side: client, envelope: true }")).toMatchObject({
      side: "server",
      envelope: true,
    });
    expect(codesOf(link(v3(`x-websocket: { sid: client }, ${messages}`)))).toEqual(["E3020"]);
    expect(codesOf(link(v3(`x-websocket: { side: both }, ${messages}`)))).toEqual(["E3021"]);
  });

  test("M28: several messages of bytes in one direction need an envelope", () => {
    const bytes = messages.replaceAll("{ payload", "{ contentType: application/x-any, payload");
    expect(codesOf(link(v3(bytes)))).toEqual(["E3036"]);
    expect(codesOf(link(v3(`x-websocket: { envelope: true }, ${bytes}`)))).toEqual([]);
    const both = `{ s: ${operation("send", "a")}, r: ${operation("receive", "b")} }`;
    expect(codesOf(link(v3(bytes, both)))).toEqual([]);
  });

  test("M28: headers that would not travel are a warning", () => {
    const headers = "messages: { a: { headers: { type: object }, payload: { type: string } } }";
    expect(codesOf(link(v3(headers)))).toEqual(["E3037"]);
    expect(codesOf(link(v3(`x-websocket: { envelope: true }, ${headers}`)))).toEqual([]);
  });

  test("M28: messages are told apart by a property that each has its own value of", async () => {
    const message = (value: string): string =>
      `{ payload: { allOf: [{ $ref: "#/components/schemas/Base" }, { type: object, required: [event], properties: { event: { enum: [${value}] } } }] } }`;
    const { text } = await emitEvents(
      `${v3(`messages: { a: ${message("x")}, b: ${message("y")} }`)}components:
  schemas: { Base: { type: object, required: [id], properties: { id: { const: same } } } }
`,
    );
    expect(text).toContain('tag: ["event", "x"]');
    expect(text).toContain('tag: ["event", "y"]');
    // the same in both says nothing
    expect(text).not.toContain('tag: ["id"');
  });

  test("M28: a channel on a broker as well has both", async () => {
    const { text } = await emitEvents(
      `${v3(messages).replace("protocol: wss }", "protocol: wss }, q: { host: h, protocol: amqp }")}`,
    );
    for (const name of ["publishC", "consumeC", "connectC", "serveC"]) expect(text).toContain(`function ${name}(`);
    const { text: alone } = await emitEvents(v3(messages));
    expect(alone).not.toMatch(/function (publish|consume|encode)C\(/);
  });
});
