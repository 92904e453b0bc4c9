import { readFileSync } from "node:fs";
import type { Diagnostic } from "../src/diagnostics/index.js";
import { emitModel } from "../src/emit.js";
import type { Generator } from "../src/generators/generator.js";
import { createMessages, messages } from "../src/generators/messages/index.js";
import { wellKnownFiles } from "../src/generators/messages/well-known.js";
import { rpc } from "../src/generators/rpc/index.js";
import { linkProtos } from "../src/link/proto/index.js";
import { parseProto } from "../src/load/proto/index.js";
import { defaultForms } from "../src/model/index.js";

/**
 * The files of `src/runtime/wkt` as our own generator emits them from `schemas/google/protobuf`, by path below that
 * folder, with the file that exports them all.
 */
export async function wellKnownOutputs(root: string): Promise<Map<string, string>> {
  const files = await emitOwn(`${root}schemas/`, [...wellKnownFiles], "src/runtime/wkt", "./..");
  const paths = [...files.keys()].sort();
  files.set(
    "messages.pb.ts",
    `${paths.map((path) => `export * from "./${path.replace(/\.ts$/, ".js")}";`).join("\n")}\n`,
  );
  return files;
}

/** What reads and answers the requests of protoc and buf, by path below `src/load/descriptor`. */
export async function descriptorOutputs(root: string): Promise<Map<string, string>> {
  return emitOwn(`${root}src/load/descriptor/`, ["descriptor.proto"], "src/load/descriptor", "./../../runtime");
}

/** The details that errors have in common, by path below `src/runtime/errors`. */
export async function errorOutputs(root: string): Promise<Map<string, string>> {
  const paths = ["google/rpc/error_details.proto", "google/rpc/status.proto"];
  const imports = ["google/protobuf/any.proto", "google/protobuf/duration.proto"];
  return emitOwn(`${root}schemas/`, paths, "src/runtime/errors", "./..", [messages], imports);
}

/** The services that come with the runtime, by path below `src/runtime/services`. */
export async function serviceOutputs(root: string): Promise<Map<string, string>> {
  const paths = ["health/v1/health.proto", "reflection/v1/reflection.proto"].map((path) => `grpc/${path}`);
  const folder = "src/runtime/services";
  return emitOwn(`${root}${folder}/`, paths, folder, "./..", [messages, rpc]);
}

/** Outputs of protos that are part of wirespan; whatever is wrong with them is our bug. */
async function emitOwn(
  folder: string,
  paths: readonly string[],
  out: string,
  runtimeImport: string,
  all: readonly Generator[] = [createMessages({ wellKnown: "emit" })],
  imports: readonly string[] = [],
): Promise<Map<string, string>> {
  const fail = ({ message, origin }: Diagnostic): never => {
    throw new Error(`${origin?.file}:${origin?.line}: ${message}`);
  };
  const documents = [...paths, ...imports].sort().flatMap((path) => {
    const text = readFileSync(folder + path, "utf8");
    return parseProto({ path, file: folder + path, text, hash: path, bundled: true }, fail) ?? [];
  });
  const model = linkProtos({ documents, emit: new Set(paths) }, fail);
  const files = new Map<string, string>();
  await emitModel(
    { ...model, events: [] },
    { all, active: all },
    { version: "itself", out, importExtension: "js", runtimeImport, reflection: true, ...defaultForms },
    { deliver: ({ path, content }) => void files.set(path, content) },
    fail,
  );
  return files;
}
