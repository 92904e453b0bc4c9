import { describe, expect, test } from "vitest";
import { openEnvelope, sealBinary, sealText } from "../../../src/runtime/channels/envelope.js";
import { frameCodec } from "../../../src/runtime/channels/frames.js";
import { fillPath, joinPath, matchPath } from "../../../src/runtime/channels/path.js";
import { closeReason } from "../../../src/runtime/channels/close-codes.js";
import type { FrameMember } from "../../../src/runtime/channels/index.js";
import { bytesPayload, jsonPayload, shape, textPayload } from "../../../src/runtime/queue/index.js";

function json(name: string, required: Record<string, ReturnType<typeof shape.string>>, tag?: string): FrameMember {
  const type = jsonPayload(name, shape.object({ required }));
  return {
    case: name,
    name,
    type,
    contentType: "application/json",
    ...(tag === undefined ? {} : { tag: ["event", tag] as const }),
  };
}

const text = shape.string();
const plain: FrameMember = {
  case: "plain",
  name: "plain",
  type: textPayload("plain", text),
  contentType: "text/plain",
};
const bytes: FrameMember = {
  case: "bytes",
  name: "bytes",
  type: bytesPayload,
  contentType: "application/octet-stream",
};

describe("M28: frames", () => {
  test("M28: a property with a value of its own decides, and what is wrong with the rest is said", () => {
    const members = [
      json("a", { event: shape.values(["a"]), x: text }, "a"),
      json("b", { event: shape.values(["b"]) }, "b"),
    ];
    const codec = frameCodec("c", { members }, false);
    expect(codec.decode('{"event":"b"}').message).toEqual({ case: "b", value: { event: "b" } });
    expect(() => codec.decode('{"event":"a"}')).toThrow(/a: x/);
    expect(() => codec.decode('{"event":"z"}')).toThrow(/event must be one of "a", "b"/);
    expect(() => codec.decode("[]")).toThrow(/event must be one of/);
    expect(() => codec.decode('{"__proto__":{"event":"b"}}')).toThrow(/event must be one of/);
  });

  test("M28: without one the first that fits is taken", () => {
    const members = [json("a", { x: text }), json("b", { y: text })];
    const codec = frameCodec("c", { members }, false);
    expect(codec.decode('{"y":"1"}').message).toEqual({ case: "b", value: { y: "1" } });
    expect(codec.decode('{"x":"1","y":"1"}').message).toMatchObject({ case: "a" });
    expect(() => codec.decode("{}")).toThrow(/fits none of a, b/);
  });

  test("M28: text, JSON and bytes share a direction", () => {
    const codec = frameCodec("c", { members: [json("a", { x: text }), bytes] }, false);
    expect(codec.decode(new Uint8Array([1])).message).toEqual({ case: "bytes", value: new Uint8Array([1]) });
    expect(codec.decode('{"x":"1"}').message).toMatchObject({ case: "a" });
    expect(codec.encode({ case: "bytes", value: new Uint8Array([2]) } as never, {}).data).toEqual(new Uint8Array([2]));
    const single = frameCodec("c", { members: [plain] }, false);
    expect(single.decode("{not json").message).toBe("{not json");
    expect(single.encode("hi" as never, {}).data).toBe("hi");
  });

  test("M28: nothing may be sent where the contract sends nothing", () => {
    const codec = frameCodec("c", { members: [] }, false);
    expect(() => codec.encode({} as never, {})).toThrow(/sends nothing this way/);
    expect(() => codec.decode("{}")).toThrow(/no message is expected/);
    expect(() => codec.decode(new Uint8Array())).toThrow(/no message is expected/);
  });

  test("M28: envelopes come back, of text and of bytes", () => {
    const codec = frameCodec("c", { members: [json("a", { x: text }), bytes, plain] }, true);
    for (const [message, headers] of [
      [{ case: "a", value: { x: "ü" } }, {}],
      [
        { case: "bytes", value: new Uint8Array([0, 255]) },
        { "X-A": "1", __proto__x: "2" },
      ],
      [{ case: "plain", value: "text" }, { traceparent: "t" }],
    ] as const) {
      const { data } = codec.encode(message as never, headers);
      const back = codec.decode(data);
      expect(back.message).toEqual(message);
      expect(back.headers).toEqual(Object.fromEntries(Object.entries(headers).map(([k, v]) => [k.toLowerCase(), v])));
    }
  });

  test.each([
    ["no JSON", "{"],
    ["no name", '{"payload":1}'],
    ["no payload", '{"name":"a"}'],
    ["headers that are no texts", '{"name":"a","payload":{},"headers":{"a":1}}'],
    [
      "headers without end",
      JSON.stringify({
        name: "a",
        payload: {},
        headers: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`h${i}`, ""])),
      }),
    ],
    ["a head longer than the frame", new Uint8Array([0, 0, 0, 9, 123])],
    ["a head longer than allowed", new Uint8Array(70_010).fill(0).fill(1, 1, 2)],
    ["three bytes", new Uint8Array(3)],
    ["an unknown message", '{"name":"zzz","payload":{}}'],
  ])("M28: an envelope with %s is undecodable", (_, data) => {
    const codec = frameCodec("c", { members: [json("a", { x: text })] }, true);
    expect(() => codec.decode(data)).toThrow(expect.objectContaining({ code: "undecodable" }) as Error);
  });

  test("M28: the envelope's form is a contract with others", () => {
    expect(sealText("a", {}, { x: 1 })).toBe('{"name":"a","payload":{"x":1}}');
    expect(sealText("a", { H: "v" }, 1)).toBe('{"name":"a","headers":{"h":"v"},"payload":1}');
    const head = '{"name":"b"}';
    expect(sealBinary("b", {}, new Uint8Array([7]))).toEqual(
      new Uint8Array([0, 0, 0, head.length, ...new TextEncoder().encode(head), 7]),
    );
    const opened = openEnvelope("c", '{"name":"a","payload":1,"headers":{"__proto__":"x"}}');
    expect(Object.keys(opened.headers)).toEqual(["__proto__"]);
    expect(() => sealText("a", { h: "x".repeat(9_000) }, 1)).toThrow(/headers/);
  });
});

describe("M28: paths", () => {
  test("M28: values come back as they were given", () => {
    const template = joinPath("/ws/", "rooms/{room}/v{version}.{format}");
    const match = matchPath(template);
    for (const room of ["a", "a/b", "ü ?#", "100%", "..a"]) {
      const params = { room, version: "1", format: "json" };
      const path = fillPath(template, new Map(Object.entries(params)));
      expect(new URL(`ws://h${path}`).pathname).toBe(path);
      expect({ ...match(path) }).toEqual(params);
    }
    expect(match("/ws/rooms/a/b/v1.json")).toBeUndefined();
    expect(match("/ws/rooms//v1.json")).toBeUndefined();
    expect(match("/ws/rooms/%zz/v1.json")).toBeUndefined();
  });

  test("M28: values that the contract lists, steps up, defaults", () => {
    const infos = [{ name: "s", values: ["btc", "eth"], default: "btc" }];
    expect(matchPath("/{s}", infos)("/usd")).toBeUndefined();
    expect(fillPath("/{s}", new Map(), infos)).toBe("/btc");
    expect(() => fillPath("/{s}", new Map([["s", "usd"]]), infos)).toThrow(/one of btc, eth/);
    for (const step of [".", ".."]) expect(() => fillPath("/{s}", new Map([["s", step]]))).toThrow(/must not be/);
    expect([joinPath("", "/"), joinPath("/ws/", ""), joinPath("/ws", "/")]).toEqual(["/", "/ws", "/ws"]);
  });

  test("M28: reasons fit into a close frame", () => {
    const reason = closeReason("ü".repeat(200));
    expect(new TextEncoder().encode(reason).length).toBeLessThanOrEqual(123);
    expect(closeReason("short")).toBe("short");
  });
});
