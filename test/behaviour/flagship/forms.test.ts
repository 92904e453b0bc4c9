import { cp, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createMemoryBroker } from "@wirespan/runtime/brokers/memory";
import { recordingTracer } from "@wirespan/runtime/context";
import { createMetrics, type Logger } from "@wirespan/runtime/interceptors";
import type * as gatewayModule from "../../../examples/users/src/gateway.js";
import type * as mailModule from "../../../examples/users/src/mail-service.js";
import type * as serviceModule from "../../../examples/users/src/user-service.js";
import { cli } from "../../support/cli.js";
import { compile, root } from "../../support/compile.js";

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** The example as a project that holds Dates and names of enums would have it. */
async function copyExample(folder: string): Promise<void> {
  const example = join(root, "examples/users");
  await cp(join(example, "contracts"), join(folder, "contracts"), { recursive: true });
  await cp(join(example, "src"), join(folder, "src"), {
    recursive: true,
    filter: (path) => path !== join(example, "src/gen"),
  });
  await mkdir(join(folder, "node_modules/@wirespan"), { recursive: true });
  await symlink(join(root, "src/runtime"), join(folder, "node_modules/@wirespan/runtime"));
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  const config = { include: ["contracts"], out: "src/gen", int64: "number", timestamp: "date", enums: "string" };
  await writeFile(join(folder, "wirespan.config.json"), JSON.stringify(config));

  const store = join(folder, "src/user-store.ts");
  const text = await readFile(store, "utf8");
  const changed = text
    .replace('import { timestampFromDate } from "@wirespan/runtime/wkt";\n', "")
    .replace("timestampFromDate(new Date())", "new Date()")
    .replace("email, plan, createdAt", 'email, plan: plan === "UNSPECIFIED" ? "FREE" : plan, createdAt');
  expect(changed).not.toContain("timestampFromDate");
  expect(changed).toContain('"FREE"');
  await writeFile(store, changed);
}

describe("the flagship with numbers, Dates and names", () => {
  const stops: (() => unknown)[] = [];
  let folder: string;
  let base: string;
  let mail: Promise<mailModule.Mail>;

  beforeAll(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), "wirespan-forms-")));
    await copyExample(folder);
    expect(await cli(folder, ["generate", "--quiet"])).toMatchObject({ code: 0, stderr: "" });

    const load = (name: string): Promise<unknown> => import(/* @vite-ignore */ join(folder, "src", `${name}.ts`));
    const { startMailService } = (await load("mail-service")) as typeof mailModule;
    const { startUserService } = (await load("user-service")) as typeof serviceModule;
    const { startGateway } = (await load("gateway")) as typeof gatewayModule;
    const tracer = recordingTracer(() => {});
    const broker = createMemoryBroker({ tracer });
    let sent: (mail: mailModule.Mail) => void;
    mail = new Promise((resolve) => (sent = resolve));
    const mails = await startMailService({ broker, tracer, send: (value) => sent(value) });
    const users = await startUserService({
      listen: "127.0.0.1:0",
      broker,
      tracer,
      logger: silent,
      meter: createMetrics(),
    });
    const gateway = await startGateway({ port: 0, users: `127.0.0.1:${users.port}`, tracer, documents: {} });
    base = `http://127.0.0.1:${gateway.port}/api/v1/users`;
    stops.push(gateway.stop, users.stop, mails.stop, () => broker.close());
  }, 60_000);

  afterAll(async () => {
    for (const stop of stops) await stop();
    await rm(folder, { recursive: true, force: true });
  });

  test("compiles", { timeout: 60_000 }, async () => {
    const options = { types: ["node"], typeRoots: [join(root, "node_modules/@types")], isolatedDeclarations: false };
    expect(await compile(folder, [join(folder, "src/**/*.ts")], { options: { ...options, declaration: false } })).toBe(
      "",
    );
  });

  test("REST, gRPC, events and mail are what they were", async () => {
    const body = { name: "Ada", email: "ada@example.com", plan: "PLAN_PRO" };
    const before = Date.now();
    const response = await fetch(base, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(201);
    const user = (await response.json()) as { createdAt: string };
    expect(user).toMatchObject(body);
    expect(user.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/);
    expect(Date.parse(user.createdAt)).toBeGreaterThanOrEqual(before);
    expect(await mail).toMatchObject({ to: "ada@example.com", subject: "Welcome, Ada!" });

    for (const plan of ["PLAN_PRO", "2"]) {
      const found = (await (await fetch(`${base}?plans=${plan}`)).text()).trim();
      expect(JSON.parse(found)).toEqual({ result: user });
    }
    expect(await (await fetch(`${base}?plans=PLAN_FREE`)).text()).toBe("");
    expect((await fetch(`${base}?plans=PRO`)).status).toBe(400);
  });
});
