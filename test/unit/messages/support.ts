import { existsSync } from "node:fs";
import { join, posix } from "node:path";
import { build, type Plugin } from "esbuild";
import protobuf from "protobufjs";
import { messages } from "../../../src/generators/messages/index.js";
import type { ValueForms } from "../../../src/model/index.js";
import type { MessageType } from "../../../src/runtime/wire/index.js";
import { root } from "../../support/compile.js";
import { emit } from "../../support/emit.js";
import { emittedModules } from "../../support/load-emitted.js";

/** A message whose fields a test looks at. */
export type Fields = Record<string, unknown>;
export type AnyType = MessageType<Fields, Fields>;

export interface Loaded {
  readonly files: ReadonlyMap<string, string>;
  /** The codec of a message of the first file, by its emitted name. */
  readonly type: (name: string) => AnyType;
  readonly module: Record<string, unknown>;
}

/** Emits protos and loads the module of the first, with values in these forms. Errors in the protos fail the test. */
export async function load(protos: Record<string, string>, forms: Partial<ValueForms> = {}): Promise<Loaded> {
  const { files, diagnostics } = await emit(protos, [messages], forms);
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join("\n"));
  const path = (Object.keys(protos)[0] ?? "").replace(/\.proto$/, ".pb.ts");
  const module = await emittedModules(files)(path);
  return {
    files,
    module,
    type(name) {
      const found = module[name];
      if (typeof found !== "object" || found === null || !("typeName" in found)) throw new Error(`no message ${name}`);
      // emitted, and what a test asks for by name is a message
      return found as AnyType;
    },
  };
}

/** Emits protos and bundles and minifies a program that imports them, as `emitted/t.pb.js`, with the runtime. */
export async function bundle(protos: Record<string, string>, program: string): Promise<string> {
  const { files } = await emit(protos, [messages]);
  return bundleFiles(files, program);
}

/** The same for files that are emitted already. */
export async function bundleFiles(files: ReadonlyMap<string, string>, program: string): Promise<string> {
  const emitted: Plugin = {
    name: "emitted",
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /^emitted\// }, ({ path }) => ({
        path: path.slice("emitted/".length).replace(/\.js$/, ".ts"),
        namespace: "emitted",
      }));
      onResolve({ filter: /^\.\.?\//, namespace: "emitted" }, ({ path, importer }) => ({
        path: posix.join(posix.dirname(importer), path).replace(/\.js$/, ".ts"),
        namespace: "emitted",
      }));
      onLoad({ filter: /./, namespace: "emitted" }, ({ path }) => ({
        contents: files.get(path) ?? "",
        loader: "ts",
        resolveDir: root,
      }));
      onResolve({ filter: /^@wirespan\/runtime\// }, ({ path }) => ({
        path: sourceOf(path.slice("@wirespan/runtime/".length)),
        // as its package.json says
        sideEffects: false,
      }));
    },
  };
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: root },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    logLevel: "error",
    external: ["node:*"],
    plugins: [emitted],
  });
  return outputFiles[0]?.text ?? "";
}

/** The source of a part of the runtime. */
function sourceOf(name: string): string {
  const file = join(root, "src/runtime", `${name}.ts`);
  return existsSync(file) ? file : join(root, "src/runtime", name, "index.ts");
}

/** The same proto as protobufjs understands it by reflection: the independent peer. */
export function peer(proto: string, typeName: string): protobuf.Type {
  return protobuf.parse(proto, { keepCase: true }).root.resolveAll().lookupType(typeName);
}

/** The hex digits of bytes. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** Bytes of hex digits; blanks are for the eye. */
export function unhex(digits: string): Uint8Array {
  return new Uint8Array(Buffer.from(digits.replaceAll(" ", ""), "hex"));
}

/** A generator of numbers that are the same in every run. */
export function createRandom(seed: number): { int(below: number): number; pick<T>(list: readonly T[]): T } {
  let state = seed;
  const int = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  return { int, pick: (list) => list[int(list.length)] as (typeof list)[number] };
}
