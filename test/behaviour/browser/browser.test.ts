import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { provideProgram } from "../../support/services.js";
import { chromium } from "../../support/services/chromium.js";
import { bundle } from "../../unit/messages/support.js";
import { runInBrowser } from "./page.js";

const proto = `syntax = "proto3"; package t;
import "google/protobuf/timestamp.proto"; import "google/protobuf/struct.proto";
message T {
  string text = 1; bytes raw = 2; int64 long = 3; uint64 ulong = 4; sint64 slong = 5; fixed64 wide = 6;
  double ratio = 7; float small = 8; repeated int32 list = 9; repeated double ratios = 10; repeated string texts = 11;
  map<string, T> children = 12; map<int64, bytes> by_number = 13; oneof choice { T inner = 14; Level level = 15; }
  google.protobuf.Timestamp at = 16; google.protobuf.Value value = 17; repeated Level levels = 18;
  optional bool maybe = 19;
}
enum Level { LOW = 0; HIGH = 1; }`;

/** Writes and reads whatever has a path of its own where there is a Buffer, and says what came out. */
const program = `
import { T } from "emitted/t.pb.js";
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const attempt = (work) => { try { return work(); } catch (error) { return String(error); } };
const texts = ["", "a", "grüße", "日本語", "😀", "\\ud800 half", "x".repeat(41), "é".repeat(41), "日".repeat(5000), "z".repeat(70000)];
const raws = [0, 1, 2, 3, 4, 5, 255, 256, 70000].map((length) => Uint8Array.from({ length }, (_, i) => (i * 7) % 256));
const longs = [0n, 1n, -1n, 127n, 2n ** 31n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)];
const messages = [
  {},
  ...texts.map((text) => ({ text, texts: [text, text], children: { [text]: { text } } })),
  ...raws.map((raw) => ({ raw, byNumber: { 1: raw, "-5": raw } })),
  ...longs.map((long) => ({ long, slong: long, ulong: BigInt.asUintN(64, long), wide: BigInt.asUintN(64, long) })),
  ...[0, -0, 1.5, 1e300, Infinity, -Infinity, NaN, 0.1].map((ratio) => ({ ratio, small: ratio, ratios: [ratio, 2] })),
  { list: Array.from({ length: 3000 }, (_, i) => i * 1000 - 1500000), ratios: Array.from({ length: 300 }, (_, i) => i / 3) },
  { choice: { case: "inner", value: { choice: { case: "level", value: 1 } } }, levels: [0, 1, 7], maybe: false },
  { at: { seconds: 1700000000n, nanos: 5000000 }, value: { kind: { case: "listValue", value: { values: [] } } } },
];
const wrong = [[0x0a, 2, 0xc3, 0x28], [0x0a, 5, 1], [0x18, ...Array(11).fill(255)], [0xff], [0x72, 0x80, 0x80, 0x80, 0x80, 1]];
const wrongJson = ['{"raw":"*"}', '{"long":"9223372036854775808"}', '{"text":"\\\\ud800"}', '{"nobody":1}', "{", '{"__proto__":{}}'];
export const results = [
  typeof Buffer,
  ...messages.map((message) => {
    const json = attempt(() => T.toJsonString(message));
    return [
      attempt(() => hex(T.encode(message))), attempt(() => hex(T.encode(T.decode(T.encode(message))))), json,
      JSON.stringify(attempt(() => T.toJson(T.decode(T.encode(message))))),
      attempt(() => hex(T.encode(T.fromJsonString(json)))),
    ].join(" ");
  }),
  ...wrong.map((bytes) => attempt(() => T.toJsonString(T.decode(Uint8Array.from(bytes))))),
  ...wrongJson.map((text) => attempt(() => hex(T.encode(T.fromJsonString(text))))),
];
`;

const browser = await provideProgram(chromium);

describe.skipIf(browser === undefined)("M3: the codec in a browser", () => {
  test("a page and a worker say what Node says", { timeout: 60_000 }, async () => {
    const code = await bundle({ "t.proto": proto }, program);
    const folder = mkdtempSync(join(tmpdir(), "wirespan-browser-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
    writeFileSync(join(folder, "code.mjs"), code);
    const node = (await import(/* @vite-ignore */ pathToFileURL(join(folder, "code.mjs")).href)) as Code;
    const reports = await runInBrowser(browser ?? "", code);
    for (const [from, report] of Object.entries(reports)) {
      const [buffer, ...results] = await report;
      expect(buffer, from).toBe("undefined");
      expect(results, from).toEqual(node.results.slice(1));
    }
    expect(node.results).toHaveLength(51);
    expect(node.results[0]).toBe("function");
    // the half of a surrogate pair, as a message and as JSON
    expect(node.results.filter((result) => result.startsWith("WireError: text"))).toHaveLength(2);
  });
});

interface Code {
  readonly results: readonly string[];
}
