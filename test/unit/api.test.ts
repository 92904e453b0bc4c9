import { expect, test } from "vitest";
import { check, defineConfig, formatDiagnostics, generate, watch, type WatchEvent } from "../../src/index.js";
import { createProject, helloProto } from "../support/project.js";

const files = { "contracts/hello/v1/hello.proto": helloProto };

test("generate, check and dry runs", async () => {
  const project = createProject(files);
  const options = { cwd: project.root, inputs: ["contracts"], only: ["messages" as const] };
  expect(await generate({ ...options, dryRun: true })).toMatchObject({ ok: true, created: ["hello/v1/hello.pb.ts"] });
  expect(project.list()).toEqual(["contracts/hello/v1/hello.proto"]);
  expect(await check(options)).toMatchObject({ ok: true, drift: true });
  expect(await generate(options)).toMatchObject({ ok: true, diagnostics: [], created: ["hello/v1/hello.pb.ts"] });
  expect(await check(options)).toMatchObject({ drift: false, unchanged: ["hello/v1/hello.pb.ts"] });
});

test("faults are data that can be printed", async () => {
  const project = createProject({ "a.proto": 'syntax = "proto3";\nmessage A { No n = 1; }\n' });
  const { ok, diagnostics, text, created } = await generate({ cwd: project.root });
  expect({ ok, created }).toEqual({ ok: false, created: [] });
  expect(formatDiagnostics(diagnostics, { color: false, width: 80, text })).toContain("2 | message A { No n = 1; }\n");
});

test("arguments are checked like a file", async () => {
  const untyped: object = { cwd: createProject(files).root, otu: "x", strict: "yes" };
  expect((await generate(untyped)).diagnostics.map(({ code }) => code)).toEqual(["E5001", "E5002"]);
});

test("an aborted call rejects", async () => {
  const project = createProject(files);
  await expect(generate({ cwd: project.root, signal: AbortSignal.abort() })).rejects.toThrow("abort");
  expect(project.list()).toEqual(["contracts/hello/v1/hello.proto"]);
});

test("watch tells every run until it is closed", async () => {
  const project = createProject(files);
  const seen: WatchEvent[] = [];
  let wake = (): void => {};
  const edited = new Promise<void>((resolve) => (wake = resolve));
  const watcher = await watch({
    cwd: project.root,
    only: ["messages"],
    onRun(event) {
      seen.push(event);
      if (seen.length === 2) wake();
    },
  });
  project.write("contracts/hello/v1/hello.proto", `${helloProto}message Added {}\n`);
  await edited;
  await watcher.close();
  await watcher.done;
  expect(seen.map(({ created, updated }) => [created, updated])).toEqual([
    [["hello/v1/hello.pb.ts"], []],
    [[], ["hello/v1/hello.pb.ts"]],
  ]);
});

test("defineConfig returns what it gets", () => {
  const config = { out: "gen" };
  expect(defineConfig(config)).toBe(config);
});
