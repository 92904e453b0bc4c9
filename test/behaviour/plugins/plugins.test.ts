import { fileURLToPath } from "node:url";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import * as esbuild from "esbuild";
import { rollup, watch as rollupWatch, type Plugin as RollupPlugin, type RollupWatcherEvent } from "rollup";
import { build as viteBuild, createServer, type InlineConfig } from "vite";
import { expect, onTestFinished, test } from "vitest";
import webpack, { type Configuration, type Stats } from "webpack";
import wirespanEsbuild from "../../../src/plugins/esbuild.js";
import wirespanRollup from "../../../src/plugins/rollup.js";
import wirespanVite from "../../../src/plugins/vite.js";
import wirespanWebpack from "../../../src/plugins/webpack.js";
import { createProject, helloProto, type Project } from "../../support/project.js";

const contract = "contracts/hello/v1/hello.proto";
const runtime = /^@wirespan\//;

/** A program that imports what is generated only while it is bundled. */
function program(): Project {
  return createProject({
    [contract]: helloProto,
    "main.js":
      'import * as generated from "./src/gen/hello/v1/hello.pb.ts";\nconsole.log(Object.keys(generated), generated);\n',
  });
}

/** Waits until something holds; what it throws counts as not yet. */
async function eventually(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 600; i++) {
    try {
      if (holds()) return;
    } catch {
      // a file that is just being replaced
    }
    await delay(25);
  }
  throw new Error("it did not come to hold within 15 seconds");
}

/** Bundlers' own watchers may drop a change that follows another within 50 ms. */
async function save(project: Project, path: string, content: string): Promise<void> {
  await delay(100);
  project.write(path, content);
}

const options = (project: Project) => ({ cwd: project.root, inputs: ["contracts"], only: ["messages" as const] });
const withMessage = (name: string): string => `${helloProto}message ${name} {\n  string x = 1;\n}\n`;
const broken = helloProto.replace("GreetRequest) returns", "GretRequest) returns");

/** Turns a stream of events into something to await. */
function events<T>(): {
  push(event: T): void;
  until(wanted: (event: T) => boolean): Promise<T>;
  readonly all: readonly T[];
} {
  const all: T[] = [];
  let read = 0;
  let wake: (() => void) | undefined;
  return {
    all,
    push(event) {
      all.push(event);
      wake?.();
    },
    async until(wanted) {
      const end = Date.now() + 15_000;
      for (;;) {
        for (; read < all.length; read++) {
          const event = all[read];
          if (event !== undefined && wanted(event)) return (read++, event);
        }
        if (Date.now() > end) throw new Error("the event did not come within 15 seconds");
        await Promise.race([new Promise<void>((resolve) => (wake = resolve)), delay(500, undefined, { ref: false })]);
      }
    },
  };
}

const viteConfig = (project: Project): InlineConfig => ({
  root: project.root,
  configFile: false,
  logLevel: "silent",
  plugins: [wirespanVite(options(project))],
  build: {
    minify: false,
    outDir: "dist",
    lib: { entry: "main.js", formats: ["es"], fileName: () => "out.js" },
    rollupOptions: { external: runtime },
  },
});

/** esbuild takes the types away; Rollup itself knows no TypeScript. */
const stripTypes: RollupPlugin = {
  name: "strip-types",
  async transform(code, id) {
    return id.endsWith(".ts") ? (await esbuild.transform(code, { loader: "ts" })).code : undefined;
  },
};

test("vite build: generates before modules are resolved", async () => {
  const project = program();
  await viteBuild(viteConfig(project));
  expect(project.list("src/gen")).toContain("hello/v1/hello.pb.ts");
  expect(project.read("dist/out.js")).toContain("GreetRequest");
});

test("vite build: errors of contracts are errors of the build", async () => {
  const project = program();
  project.write(contract, broken);
  const failure: unknown = await viteBuild(viteConfig(project)).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(failure instanceof Error)) throw new Error("the build did not fail");
  expect(failure.message).toMatch(/E2001[^]*hello\.proto:7:13/);
  // the fault lies in the contract: frames of the bundler and of wirespan would bury it
  expect(failure.message).not.toMatch(/^\s+at /m);
  expect(existsSync(join(project.root, "dist"))).toBe(false);
});

test("vite build --watch: follows edits, keeps the last good output, recovers", async () => {
  const project = program();
  const config = viteConfig(project);
  const watcher = await viteBuild({ ...config, build: { ...config.build, watch: {} } });
  if (!("on" in watcher)) throw new Error("vite gave no watcher");
  onTestFinished(() => watcher.close());
  const seen = events<{ readonly code: string }>();
  watcher.on("event", (event) => {
    seen.push(event);
    if (event.code === "BUNDLE_END") void event.result.close();
  });
  await seen.until(({ code }) => code === "END");

  await save(project, contract, withMessage("Added"));
  await seen.until(({ code }) => code === "END" && project.read("dist/out.js").includes("Added"));

  await save(project, contract, broken);
  await seen.until(({ code }) => code === "ERROR");
  expect(project.read("src/gen/hello/v1/hello.pb.ts")).toContain("Added");
  expect(project.read("dist/out.js")).toContain("Added");

  await save(project, contract, withMessage("Mended"));
  await seen.until(({ code }) => code === "END" && project.read("dist/out.js").includes("Mended"));

  const more = helloProto.replaceAll("Greet", "More").replaceAll("Hello", "Other");
  await save(project, "contracts/hello/v1/more.proto", more);
  await eventually(() => project.list("src/gen").includes("hello/v1/more.pb.ts"));

  await delay(400);
  const count = seen.all.length;
  await delay(600);
  expect(seen.all.length).toBe(count);
});

test("vite's development server: follows edits, tells errors and stays up", async () => {
  const project = program();
  const told: string[] = [];
  const server = await createServer({
    root: project.root,
    configFile: false,
    plugins: [wirespanVite(options(project))],
    server: { middlewareMode: true, ws: false },
    customLogger: {
      info: () => {},
      warn: (text) => void told.push(text),
      warnOnce: () => {},
      error: (text) => void told.push(text),
      clearScreen: () => {},
      hasErrorLogged: () => false,
      hasWarned: false,
    },
  });
  onTestFinished(() => server.close());
  const output = "src/gen/hello/v1/hello.pb.ts";
  expect(project.read(output)).toContain("GreetRequest");

  await save(project, contract, withMessage("Added"));
  await eventually(() => project.read(output).includes("Added"));
  await save(project, contract, broken);
  await eventually(() => told.some((text) => text.includes("E2001")));
  expect(project.read(output)).toContain("Added");
  await save(project, contract, withMessage("Mended"));
  await eventually(() => project.read(output).includes("Mended"));
  await save(
    project,
    "contracts/hello/v1/more.proto",
    helloProto.replaceAll("Greet", "More").replaceAll("Hello", "Other"),
  );
  await eventually(() => project.list("src/gen").includes("hello/v1/more.pb.ts"));
});

const rollupInput = (project: Project) => ({
  input: join(project.root, "main.js"),
  plugins: [wirespanRollup(options(project)), stripTypes],
  external: runtime,
  treeshake: false,
});

test("rollup: builds, follows edits and new files, keeps the last good output", async () => {
  const project = program();
  const output = { file: join(project.root, "dist/out.js"), format: "es" as const };
  const bundle = await rollup(rollupInput(project));
  await bundle.write(output);
  await bundle.close();
  expect(project.read("dist/out.js")).toContain("GreetRequest");

  const watcher = rollupWatch({ ...rollupInput(project), output, watch: { buildDelay: 10 } });
  onTestFinished(() => watcher.close());
  const seen = events<RollupWatcherEvent>();
  watcher.on("event", (event) => {
    seen.push(event);
    if (event.code === "BUNDLE_END") void event.result.close();
  });
  await seen.until(({ code }) => code === "END");
  await save(project, contract, withMessage("Added"));
  await seen.until(({ code }) => code === "END" && project.read("dist/out.js").includes("Added"));
  await save(project, contract, broken);
  const failure = await seen.until(({ code }) => code === "ERROR");
  expect(failure).toMatchObject({ error: { message: expect.stringContaining("E2001"), loc: { line: 7, column: 12 } } });
  expect(project.read("dist/out.js")).toContain("Added");
  await save(project, contract, withMessage("Mended"));
  await seen.until(({ code }) => code === "END" && project.read("dist/out.js").includes("Mended"));

  await save(
    project,
    "contracts/hello/v1/more.proto",
    helloProto.replaceAll("Greet", "More").replaceAll("Hello", "Other"),
  );
  await seen.until(({ code }) => code === "END" && project.list("src/gen").includes("hello/v1/more.pb.ts"));

  await delay(400);
  const count = seen.all.length;
  await delay(500);
  expect(seen.all.length).toBe(count);
});

function webpackConfig(project: Project): Configuration {
  const esbuildModule = JSON.stringify(fileURLToPath(import.meta.resolve("esbuild")));
  project.write(
    "strip-types.cjs",
    `module.exports = async function (code) { return (await require(${esbuildModule}).transform(code, { loader: "ts" })).code; };\n`,
  );
  return {
    context: project.root,
    entry: "./main.js",
    mode: "development",
    devtool: false,
    target: "node",
    output: { path: join(project.root, "dist"), filename: "out.js" },
    module: { rules: [{ test: /\.ts$/, use: join(project.root, "strip-types.cjs") }] },
    externals: [
      ({ request }, done) => (runtime.test(request ?? "") ? done(undefined, `commonjs ${request ?? ""}`) : done()),
    ],
    plugins: [wirespanWebpack(options(project))],
  };
}

test("webpack: generates before entries are resolved; a contract's error is a compilation error", async () => {
  const project = program();
  const once = async (): Promise<Stats> => {
    const compiler = webpack(webpackConfig(project));
    const stats = await new Promise<Stats | undefined>((resolve, reject) => {
      compiler.run((error, result) => (error === null ? resolve(result) : reject(error)));
    });
    await new Promise<void>((resolve) => compiler.close(() => resolve()));
    if (stats === undefined) throw new Error("webpack gave no statistics");
    return stats;
  };
  const good = await once();
  expect(good.toJson({ all: false, errors: true }).errors).toEqual([]);
  expect(project.read("dist/out.js")).toContain("GreetRequest");
  project.write(contract, broken);
  const { errors } = (await once()).toJson({ all: false, errors: true });
  expect(errors).toMatchObject([{ message: expect.stringMatching(/E2001[^]*hello\.proto:7:13/) }]);
});

test("webpack watch: follows edits and new files, recovers, and comes to rest", async () => {
  const project = program();
  const seen = events<Stats>();
  const compiler = webpack(webpackConfig(project));
  const watching = compiler.watch({ aggregateTimeout: 20 }, (_, stats) => stats !== undefined && seen.push(stats));
  onTestFinished(() => new Promise<void>((resolve) => watching?.close(() => resolve())));
  await seen.until((stats) => !stats.hasErrors());
  await save(project, contract, withMessage("Added"));
  await seen.until((stats) => !stats.hasErrors() && project.read("dist/out.js").includes("Added"));
  await save(project, contract, broken);
  await seen.until((stats) => stats.hasErrors());
  expect(project.read("src/gen/hello/v1/hello.pb.ts")).toContain("Added");
  await save(project, contract, withMessage("Mended"));
  await seen.until((stats) => !stats.hasErrors() && project.read("dist/out.js").includes("Mended"));
  await save(
    project,
    "contracts/hello/v1/more.proto",
    helloProto.replaceAll("Greet", "More").replaceAll("Hello", "Other"),
  );
  await seen.until(() => project.list("src/gen").includes("hello/v1/more.pb.ts"));

  await delay(600);
  const count = seen.all.length;
  await delay(800);
  expect(seen.all.length).toBe(count);
});

test("esbuild: builds, rebuilds, watches, keeps the last good output", async () => {
  const project = program();
  const context = await esbuild.context({
    absWorkingDir: project.root,
    entryPoints: ["main.js"],
    outfile: "dist/out.js",
    bundle: true,
    format: "esm",
    external: ["@wirespan/*"],
    logLevel: "silent",
    plugins: [wirespanEsbuild(options(project))],
  });
  onTestFinished(() => context.dispose());
  await context.rebuild();
  expect(project.read("dist/out.js")).toContain("GreetRequest");

  project.write(contract, broken);
  await expect(context.rebuild()).rejects.toMatchObject({
    errors: [{ text: expect.stringContaining("E2001"), location: { line: 7, column: 12 } }],
  });
  expect(project.read("src/gen/hello/v1/hello.pb.ts")).toContain("GreetRequest");

  project.write(contract, withMessage("Mended"));
  await context.watch();
  await eventually(() => project.read("dist/out.js").includes("Mended"));
  await save(project, contract, withMessage("Watched"));
  await eventually(() => project.read("dist/out.js").includes("Watched"));
  await save(
    project,
    "contracts/hello/v1/more.proto",
    helloProto.replaceAll("Greet", "More").replaceAll("Hello", "Other"),
  );
  await eventually(() => project.list("src/gen").includes("hello/v1/more.pb.ts"));
});
