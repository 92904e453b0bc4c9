import { readFileSync } from "node:fs";
import { emitModel } from "../src/emit.js";
import { createMessages } from "../src/generators/messages/index.js";
import { wellKnownFiles } from "../src/generators/messages/well-known.js";
import { linkProtos } from "../src/link/proto/index.js";
import { parseProto } from "../src/load/proto/index.js";
import type { ProtoDocument } from "../src/model/index.js";

/**
 * The files of `src/runtime/wkt` as our own generator emits them from `schemas/google/protobuf`, by path below that
 * folder, with the file that exports them all.
 */
export async function wellKnownOutputs(root: string): Promise<Map<string, string>> {
  const documents: ProtoDocument[] = [];
  for (const path of [...wellKnownFiles].sort()) {
    const file = `schemas/${path}`;
    const text = readFileSync(root + file, "utf8");
    const document = parseProto({ path, file, text, hash: path, bundled: true }, ({ message }) => {
      throw new Error(`${file}: ${message}`);
    });
    if (document !== undefined) documents.push(document);
  }
  const model = linkProtos({ documents, emit: wellKnownFiles }, ({ message, origin }) => {
    throw new Error(`${origin?.file}:${origin?.line}: ${message}`);
  });
  const messages = createMessages({ wellKnown: "emit" });
  const { outputs } = await emitModel(
    { ...model, events: [] },
    { all: [messages], active: [messages] },
    { version: "itself", out: "src/runtime/wkt", importExtension: "js", runtimeImport: "./.." },
    new Map(),
    ({ message }) => {
      throw new Error(message);
    },
  );
  const files = new Map(outputs.map(({ path, content }) => [path, content]));
  const paths = [...files.keys()].sort();
  files.set(
    "messages.pb.ts",
    `${paths.map((path) => `export * from "./${path.replace(/\.ts$/, ".js")}";`).join("\n")}\n`,
  );
  return files;
}
