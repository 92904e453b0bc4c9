import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { format } from "prettier";
import { afterAll, beforeAll, expect, test } from "vitest";
import { messages } from "../../src/generators/messages/index.js";
import { compile, compilers, root } from "../support/compile.js";
import { emitFromModel } from "../support/emit.js";
import { modelFromDisk } from "../support/model.js";

/** What a program does with the extensions of `fixtures/messages-extensions`, right and wrong. */
const program = `
import { clearExtension, createRegistry, getExtension, hasExtension, setExtension } from "@wirespan/runtime/wire";
import * as audit from "./audit/v1/audit.pb.js";
import { Envelope_Attachments, Order } from "./shop/v1/order.pb.js";

const order = Order.create({ id: "a" });
export const reviewer: string = getExtension(order, audit.reviewer);
export const risk: number = getExtension(order, audit.risk);
export const numbers: bigint[] = getExtension(order, audit.relatedOrderNumbers);
export const verdict: audit.Verdict = getExtension(order, audit.verdict);
export const trail: audit.Trail | undefined = getExtension(order, audit.trail);
export const has: boolean = hasExtension(order, audit.risk);
setExtension(order, audit.trail, { entries: [{ actor: "x" }] });
setExtension(order, audit.entriesOfAnEarlierSystem, [{ actor: "x" }]);
setExtension(order, audit.closedAt, { seconds: 1n });
setExtension(order, audit.digest, new Uint8Array(1));
setExtension(order, audit.verdict, audit.Verdict.CLEAN);
clearExtension(order, audit.trail);
const attachments = Envelope_Attachments.create();
setExtension(attachments, audit.Trail_attached, {});
const registry = createRegistry(Order, audit.Trail, audit.reviewer, audit.trail, audit.codes, audit.verdict);
export const json: unknown = Order.toJson(order, { registry });

// @ts-expect-error a value of another type
setExtension(order, audit.reviewer, 1);
// @ts-expect-error an extension of another message
getExtension(audit.Trail.create(), audit.reviewer);
// @ts-expect-error an extension of another message
setExtension(attachments, audit.reviewer, "x");
// @ts-expect-error the same, though a trail has all that attachments have: that is nothing but extensions
getExtension(audit.Trail.create(), audit.Trail_attached);
// @ts-expect-error and though an order may have extensions, too
clearExtension(order, audit.Trail_attached);
`;

let scratch: string;
let files: ReadonlyMap<string, string>;
let otherForms: ReadonlyMap<string, string>;

beforeAll(async () => {
  await mkdir(join(root, "node_modules/.cache"), { recursive: true });
  scratch = await mkdtemp(join(root, "node_modules/.cache/extensions-"));
  const input = join(root, "fixtures/messages-extensions/input");
  const { model } = modelFromDisk([input], ["audit/v1/audit.proto", "shop/v1/order.proto"]);
  ({ files } = await emitFromModel(model, [messages]));
  const others = { int64: "number", timestamp: "date", enums: "string" } as const;
  ({ files: otherForms } = await emitFromModel(model, [messages], others));
  const forms = [...otherForms].map(([path, content]) => [`forms/${path}`, content] as const);
  for (const [path, content] of [...files, ...forms, ["program.ts", program] as const]) {
    await mkdir(dirname(join(scratch, path)), { recursive: true });
    await writeFile(join(scratch, path), content);
  }
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

test.each(compilers)("M3, M17: extensions are typed: TypeScript $version", { timeout: 60_000 }, async (compiler) => {
  expect([...files.keys()]).toEqual(["audit/v1/audit.pb.ts", "shop/v1/order.pb.ts"]);
  expect(await compile(scratch, [`${scratch}/**/*.ts`], { compiler })).toBe("");
});

test("M3: they are printed as prettier prints them", async () => {
  for (const content of [...files.values(), ...otherForms.values()]) {
    expect(await format(content, { parser: "typescript" })).toBe(content);
  }
});
