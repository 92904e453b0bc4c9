import { cpSync, mkdirSync, renameSync, rmSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { startWatch, staticPart, type Watcher, type WatchOptions, type WatchRun } from "../../../src/watch/index.js";
import { cli } from "../../support/cli.js";
import { createProject, helloProto, type Project } from "../../support/project.js";

/** Runs of a watcher in order; `next` waits for one that is not yet read. */
interface Watched {
  readonly watcher: Watcher;
  next(): Promise<WatchRun>;
  /** Runs that nobody has read. */
  readonly unread: readonly WatchRun[];
}

async function watching(project: Project, options: Partial<WatchOptions> = {}): Promise<Watched> {
  const unread: WatchRun[] = [];
  let wake: (() => void) | undefined;
  const watcher = await startWatch({
    cwd: project.root,
    file: undefined,
    overrides: { only: ["messages"] },
    ...options,
    onRun(run) {
      unread.push(run);
      wake?.();
    },
  });
  onTestFinished(() => watcher.close());
  return {
    watcher,
    unread,
    async next() {
      while (unread.length === 0) {
        await Promise.race([
          new Promise<void>((resolve) => (wake = resolve)),
          delay(8_000, undefined, { ref: false }).then(() => {
            throw new Error("no run within 8 seconds");
          }),
        ]);
      }
      const run = unread.shift();
      if (run === undefined) throw new Error("unreachable");
      return run;
    },
  };
}

/** As editors save: a file beside it, renamed over it. */
function saveAtomically(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.tmp~`, content);
  renameSync(`${path}.tmp~`, path);
}

const message = (name: string, field = "string a = 1;"): string => `syntax = "proto3";\nmessage ${name} { ${field} }\n`;

test("generates at the start and after every save, in place or atomic", async () => {
  const project = createProject({ "a.proto": message("A") });
  const { next, unread } = await watching(project);
  expect((await next()).run?.plan?.create).toEqual(["a.pb.ts"]);

  for (const [i, save] of [writeFileSync, saveAtomically, saveAtomically, writeFileSync, saveAtomically].entries()) {
    save(join(project.root, "a.proto"), message(`A${i}`));
    const { run, changed } = await next();
    expect(changed).toEqual([join(project.root, "a.proto")]);
    expect(run?.result.stats.parsed).toBe(1);
    expect(project.read("src/gen/a.pb.ts")).toContain(`A${i}`);
  }
  await delay(150);
  expect(unread).toEqual([]);
});

test("an editor that deletes and creates, one that empties the file first", async () => {
  const project = createProject({ "a.proto": message("A") });
  const { next, unread } = await watching(project);
  await next();
  const path = join(project.root, "a.proto");

  rmSync(path);
  await delay(20);
  writeFileSync(path, message("B"));
  expect((await next()).run?.plan?.update).toEqual(["a.pb.ts"]);

  truncateSync(path);
  await delay(20);
  writeFileSync(path, message("C"));
  expect((await next()).run?.plan).toMatchObject({ update: ["a.pb.ts"], delete: [] });
  expect(project.read("src/gen/a.pb.ts")).toContain("C");
  await delay(150);
  expect(unread).toEqual([]);
});

test("broken: the last good output stays; mended: it follows", async () => {
  const project = createProject({ "a.proto": message("A") });
  const { next } = await watching(project);
  await next();
  const good = project.read("src/gen/a.pb.ts");

  project.write("a.proto", message("A", "Missing m = 1;"));
  const broken = await next();
  expect(broken.run?.diagnostics).toMatchObject([{ severity: "error", origin: { line: 2, column: 13 } }]);
  expect(project.read("src/gen/a.pb.ts")).toBe(good);

  project.write("a.proto", message("Mended"));
  expect((await next()).run?.diagnostics).toEqual([]);
  expect(project.read("src/gen/a.pb.ts")).toContain("Mended");
});

test("one edit among 50 files parses one and renders only what depends on it", async () => {
  const project = createProject({ "base.proto": message("Base") });
  project.write("user.proto", 'syntax = "proto3";\nimport "base.proto";\nmessage User { Base base = 1; }\n');
  for (let i = 0; i < 48; i++) project.write(`p${i}.proto`, message(`P${i}`));
  const { next } = await watching(project);
  const first = await next();
  expect(first.run?.result.stats).toMatchObject({ parsed: 50, rendered: 50, reused: 0 });

  project.write("p7.proto", message("P7", "string renamed = 1;"));
  expect((await next()).run?.result.stats).toMatchObject({ parsed: 1, rendered: 1, reused: 49 });

  project.write("base.proto", message("Base", "string renamed = 1;"));
  expect((await next()).run?.result.stats).toMatchObject({ parsed: 1, rendered: 2, reused: 48 });
});

test("new files, deleted files, imports that appear", async () => {
  const project = createProject({ "c/a.proto": message("A"), "shared/README.md": "" });
  const { next } = await watching(project, {
    overrides: { only: ["messages"], inputs: ["c"], include: ["c", "shared"] },
  });
  await next();

  project.write("c/deep/b.proto", message("B"));
  expect((await next()).run?.plan?.create).toEqual(["deep/b.pb.ts"]);

  project.write("c/a.proto", 'syntax = "proto3";\nimport "later/x.proto";\nmessage A { later.X x = 1; }\n');
  expect((await next()).run?.diagnostics).toMatchObject([{ code: "E1022" }]);
  project.write("shared/later/x.proto", 'syntax = "proto3";\npackage later;\nmessage X {}\n');
  const found = await next();
  expect(found.run?.diagnostics).toEqual([]);
  expect(found.run?.plan?.update).toEqual(["a.pb.ts"]);

  project.remove("c/deep/b.proto");
  expect((await next()).run?.plan?.delete).toEqual(["deep/b.pb.ts"]);
  expect(project.list("src/gen")).not.toContain("deep/b.pb.ts");
});

describe("the contracts folder is replaced", () => {
  const output = "src/gen/c/deep/a.pb.ts";
  const start = async (poll: boolean): Promise<Watched & { readonly project: Project }> => {
    const project = createProject({ "c/deep/a.proto": message("A"), "wirespan.config.yaml": "inputs: [c]\n" });
    const watched = await watching(project, { poll });
    await watched.next();
    return { ...watched, project };
  };
  /** An edit is followed; runs that the replacement itself led to may come before. */
  const follows = async (project: Project, { next }: Watched, name: string): Promise<void> => {
    project.write("c/deep/a.proto", message(name));
    while (!project.read(output).includes(`interface ${name} `)) await next();
  };

  test.each([false, true])(
    "moved away: told, the last good output kept; moved back: followed (poll: %s)",
    async (poll) => {
      const { project, ...watched } = await start(poll);
      renameSync(join(project.root, "c"), join(project.root, "x"));
      expect((await watched.next()).run?.diagnostics).toMatchObject([{ code: "E1021" }]);
      expect(project.read(output)).toContain("interface A ");
      await delay(1_200);
      renameSync(join(project.root, "x"), join(project.root, "c"));
      expect((await watched.next()).run?.diagnostics).toEqual([]);
      await follows(project, watched, "Back");
      await delay(700);
      expect(watched.unread).toEqual([]);
    },
  );

  test("moved away and back before anybody has looked", async () => {
    const { project, ...watched } = await start(false);
    renameSync(join(project.root, "c"), join(project.root, "x"));
    expect((await watched.next()).run?.diagnostics).toMatchObject([{ code: "E1021" }]);
    renameSync(join(project.root, "x"), join(project.root, "c"));
    expect((await watched.next()).run?.diagnostics).toEqual([]);
    await follows(project, watched, "Back");
  });

  test.each(["c", "c/deep"])("%s deleted and created at once, as a switch of branches does it", async (folder) => {
    const { project, ...watched } = await start(false);
    cpSync(join(project.root, folder), join(project.root, "copy"), { recursive: true, preserveTimestamps: true });
    for (const name of ["Once", "Twice"]) {
      rmSync(join(project.root, folder), { recursive: true });
      cpSync(join(project.root, "copy"), join(project.root, folder), { recursive: true, preserveTimestamps: true });
      await delay(1_200);
      await follows(project, watched, name);
    }
  });

  test("an include folder that goes is a fault, and its return is noticed", async () => {
    const project = createProject({ "c/a.proto": message("A"), "wirespan.config.yaml": "inputs: [c]\ninclude: [c]\n" });
    const watched = await watching(project);
    await watched.next();
    renameSync(join(project.root, "c"), join(project.root, "x"));
    const gone = await watched.next();
    expect([...gone.opened.diagnostics, ...(gone.run?.diagnostics ?? [])]).not.toEqual([]);
    expect(project.read("src/gen/a.pb.ts")).toContain("interface A ");
    await delay(1_200);
    renameSync(join(project.root, "x"), join(project.root, "c"));
    project.write("c/a.proto", message("Back"));
    while (!project.read("src/gen/a.pb.ts").includes("interface Back ")) await watched.next();
  });
});

test("configuration edits: another folder, a fault, its repair", async () => {
  const project = createProject({ "c/a.proto": message("A"), "wirespan.config.yaml": "include: [c]\nout: one\n" });
  const { next } = await watching(project);
  await next();
  expect(project.list("one")).toContain("a.pb.ts");

  project.write("wirespan.config.yaml", "include: [c]\nout: two\n");
  await next();
  expect(project.list("two")).toContain("a.pb.ts");

  project.write("wirespan.config.yaml", "inputs: [c]\notu: three\n");
  const broken = await next();
  expect(broken.opened.diagnostics).toMatchObject([{ code: "E5001", origin: { line: 2 } }]);
  expect(broken.run).toBeUndefined();

  project.write("wirespan.config.yaml", "include: [c]\nout: three\n");
  expect((await next()).opened.diagnostics).toEqual([]);
  expect(project.list("three")).toContain("a.pb.ts");
});

test("a configuration that appears is taken", async () => {
  const project = createProject({ "a.proto": message("A") });
  const { next } = await watching(project);
  await next();
  project.write("wirespan.config.json", '{ "out": "configured" }');
  await next();
  expect(project.list("configured")).toContain("a.pb.ts");
});

test("what changes nothing is not told: the same text again, files of others, our own output", async () => {
  const project = createProject({ "a.proto": message("A"), "package.json": "{}" });
  const { next, unread } = await watching(project);
  await next();
  utimesSync(join(project.root, "a.proto"), new Date(), new Date());
  saveAtomically(join(project.root, "a.proto"), message("A"));
  project.write("package.json", '{ "name": "x" }');
  project.write("notes.txt", "x");
  project.write("node_modules/x/y.proto", message("Y"));
  project.write("src/gen/other.json", "{}");
  await delay(250);
  expect(unread).toEqual([]);
});

test("fifty saves in a burst end in the last state, without a run for each", async () => {
  const project = createProject({ "a.proto": message("A") });
  const { next, unread } = await watching(project);
  await next();
  for (let i = 0; i < 50; i++) {
    project.write("a.proto", message(`Burst${i}`));
    await delay(2);
  }
  let runs = 0;
  for (; !project.read("src/gen/a.pb.ts").includes("Burst49"); runs++) await next();
  await delay(100);
  expect(runs + unread.length).toBeLessThan(25);
});

test("close during a run waits for it and writes no half state", async () => {
  const project = createProject({ "a.proto": message("A") });
  const { next, watcher } = await watching(project);
  await next();
  project.write("a.proto", message("B"));
  await delay(15);
  await watcher.close();
  await watcher.done;
  expect(project.list("src/gen").some((path) => path.endsWith(".tmp"))).toBe(false);
});

test("polling sees edits, too", async () => {
  const project = createProject({ "a.proto": message("A") });
  const { next } = await watching(project, { poll: true });
  await next();
  project.write("a.proto", message("Polled"));
  expect((await next()).run?.plan?.update).toEqual(["a.pb.ts"]);
});

describe("the command", () => {
  test("prints one line per run and ends with 130 on Ctrl-C", async () => {
    const project = createProject({ "contracts/hello/v1/hello.proto": helloProto });
    const controller = new AbortController();
    let stage = 0;
    const { code, stderr } = await cli(project.root, ["watch", "contracts", "--only", "messages"], {
      signal: controller.signal,
      onStderr(text) {
        const steps: readonly [string, () => void][] = [
          ["watching", () => project.write("contracts/hello/v1/hello.proto", `${helloProto}message M {}\n`)],
          [
            "1 file written",
            () => project.write("contracts/hello/v1/hello.proto", `${helloProto}message M { No n = 1; }\n`),
          ],
          ["last good output stays", () => controller.abort()],
        ];
        const [words, act] = steps[stage] ?? [];
        // the first line of all is about a file written, too
        const seen = stage === 1 ? text.split("watching")[1] : text;
        if (words === undefined || seen?.includes(words) !== true) return;
        stage++;
        setTimeout(() => act?.(), 20);
      },
    });
    expect(code).toBe(130);
    expect(stderr).toMatch(/^✓ 14:02:11 start → 1 file written \d+ ms\n/);
    expect(stderr).toMatch(/\n✓ 14:02:11 contracts\/hello\/v1\/hello\.proto → 1 file written \d+ ms\n/);
    expect(stderr).toContain("error E2001");
    expect(stderr).toMatch(/\n✗ 14:02:11 contracts\/hello\/v1\/hello\.proto → the last good output stays\n/);
  });
});

test("the folder that a glob searches", () => {
  expect(["a/b.proto", "a/**/*.proto", "*.proto", "/x/*/y", "a/{b,c}.proto"].map(staticPart)).toEqual([
    "a/b.proto",
    "a",
    ".",
    "/x",
    "a",
  ]);
});
