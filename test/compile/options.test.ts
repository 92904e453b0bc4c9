import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { compile, compilers, resolutions, root } from "../support/compile.js";
import { cli } from "../support/cli.js";

/** Fixtures in which values of every form occur, and what uses them: services, routes, clients, channels. */
const cases = [
  "messages-forms",
  "messages-proto2",
  "messages-proto3",
  "hostile-names",
  "http-bindings",
  "rpc-four-modes",
  "events-proto-payload",
];

let scratch: string;
beforeAll(async () => {
  await mkdir(join(root, "node_modules/.cache"), { recursive: true });
  scratch = await mkdtemp(join(root, "node_modules/.cache/options-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

/** Generates a fixture with those flags. */
async function generate(name: string, out: string, flags: readonly string[]): Promise<void> {
  const argv = ["generate", "--out", out, "--only", "messages,rpc,http,rest,events", "--quiet", ...flags];
  const { code, stderr } = await cli(join(root, "fixtures", name), argv);
  expect(stderr.replace(/^warning[^]*$/, "")).toBe("");
  expect(code).toBe(0);
}

const [nodenext, bundler] = resolutions;
const [newest, oldest] = compilers;

describe("M3, M17: what every form of values emits is one strict program", () => {
  const forms = [
    { flags: "--int64 number --timestamp date --enums string", ending: "js", resolution: nodenext, compiler: newest },
    { flags: "--int64 string --timestamp string --enums string", ending: "ts", resolution: nodenext, compiler: newest },
    { flags: "--int64 number --timestamp string --enums const", ending: "none", resolution: bundler, compiler: newest },
    { flags: "--int64 string --timestamp date --enums string", ending: "ts", resolution: bundler, compiler: oldest },
  ];

  test.each(forms)(
    "$flags, imports that end in $ending, $resolution.moduleResolution, TypeScript $compiler.version",
    { timeout: 60_000 },
    async ({ flags, ending, resolution, compiler }) => {
      const folder = await mkdtemp(join(scratch, "case-"));
      // the old compiler takes ten times as long
      for (const name of compiler === oldest ? cases.slice(0, 2) : cases) {
        // its defaults are beyond what numbers hold: E4023
        if (name === "messages-proto2" && flags.includes("--int64 number")) continue;
        await generate(name, join(folder, name), [...flags.split(" "), "--import-extension", ending]);
      }
      const options = ending === "ts" ? { allowImportingTsExtensions: true } : {};
      expect(await compile(folder, [`${folder}/**/*.ts`], { compiler, resolution, options })).toBe("");
    },
  );

  test("auto asks the tsconfig.json beside the output", async () => {
    const folder = await mkdtemp(join(scratch, "auto-"));
    const importsOf = async (): Promise<string> => {
      await generate("messages-proto3", join(folder, "gen"), ["--import-extension", "auto", "--force"]);
      return readFile(join(folder, "gen/shop/v1/order.pb.ts"), "utf8");
    };
    await writeFile(join(folder, "tsconfig.json"), '{ "compilerOptions": { "module": "nodenext" } }');
    expect(await importsOf()).toContain('from "./money.pb.js"');
    await writeFile(join(folder, "tsconfig.json"), '{ "compilerOptions": { "allowImportingTsExtensions": true } }');
    expect(await importsOf()).toContain('from "./money.pb.ts"');
  });

  test("types say what a field holds", { timeout: 60_000 }, async () => {
    const folder = await mkdtemp(join(scratch, "types-"));
    await generate("messages-forms", join(folder, "gen"), []);
    await writeFile(join(folder, "program.ts"), program);
    expect(await compile(folder, [join(folder, "program.ts")])).toBe("");
  });
});

const program = `import { Alias, Closed, Enums, Longs, Status, Times } from "./gen/forms/v1/forms.pb.js";

const longs: Longs = Longs.create({ plain: 1, list: [2], byName: { a: 3 }, needed: 4 });
export const sum: number = longs.plain + (longs.maybe ?? 0) + (longs.list[0] ?? 0) + (longs.byNumber["1"] ?? 0);
export const wrapped: bigint | undefined = longs.wrapped?.value;
export const text: string = longs.alwaysText;
// @ts-expect-error a bigint is none
Longs.create({ plain: 1n });

const times: Times = Times.create({ at: new Date(), list: [new Date()], needed: new Date() });
export const at: Date | undefined = times.at;
if (times.choice?.case === "until") times.choice.value.toISOString();
// @ts-expect-error the message is none
Times.create({ at: { seconds: 1n } });

const enums: Enums = Enums.create({ status: "PAID", list: [Status.SHIPPED, "MINUS", 99], needed: Closed.FIRST });
export const same: boolean = enums.status === "PAID" && enums.status === Status.PAID;
export const alias: "ONE" = Alias.UNO;
// @ts-expect-error no member is called so
Enums.create({ status: "PAYED" });
// @ts-expect-error a closed enum has no other numbers
Enums.create({ closed: 99 });

export function rank(closed: Closed): number {
  switch (closed) {
    case "FIRST":
      return 1;
    case "SECOND":
      return 2;
  }
}
`;

describe("M17: what --import-extension ts emits runs as it is", () => {
  const runsTypes = "typescript" in process.features && Boolean(process.features.typescript);

  test(runsTypes ? "in Node itself" : "in Node with its types taken away by hooks", async () => {
    const folder = await realpath(await mkdtemp(join(tmpdir(), "wirespan-strip-")));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    await mkdir(join(folder, "node_modules/@wirespan"), { recursive: true });
    await symlink(join(root, "src/runtime"), join(folder, "node_modules/@wirespan/runtime"));
    await writeFile(join(folder, "package.json"), '{ "type": "module" }');
    await generate("messages-proto3", join(folder, "gen"), ["--import-extension", "ts", "--enums", "string"]);
    await writeFile(
      join(folder, "main.ts"),
      [
        'import { Order, type OrderInit, Order_Status } from "./gen/shop/v1/order.pb.ts";',
        "const init: OrderInit = { id: 'o1', status: Order_Status.PAID, total: { units: 5n } };",
        "console.log(Order.toJsonString(Order.decode(Order.encode(init))));",
      ].join("\n"),
    );
    const hooks = pathToFileURL(join(root, "test/support/strip-types.mjs")).href;
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...(runsTypes ? [] : [`--import=${hooks}`]),
      join(folder, "main.ts"),
    ]);
    expect(stdout).toBe('{"id":"o1","status":"STATUS_PAID","sum":{"units":"5"}}\n');
  });
});
