// Codecs: binary (binary.js), Go's (go.js), memory (memory.js), JSON (json.js) and sizes (size.js). Each part gives
// `prepare({ quick })`, which resolves to `{ entries, figures(samples), close() }` like a suite.
import { existsSync } from "node:fs";
import { buildLibraries } from "./build.js";
import { saveBytes } from "./bytes.js";

export const peers = [
  "@bufbuild/buf",
  "@bufbuild/protobuf",
  "@bufbuild/protoc-gen-es",
  "protobufjs",
  "protobufjs-cli",
  "ts-proto",
];
export const rounds = { quick: 5, full: 21 };

const parts = ["binary", "go", "memory", "json", "size"].filter((name) =>
  existsSync(new URL(`./${name}.js`, import.meta.url)),
);

/** Builds the code of all libraries, checks that they write the same bytes, and starts what measures them. */
export async function prepare(options) {
  await buildLibraries();
  await saveBytes();

  const prepared = [];
  const close = async () => {
    for (const part of prepared) await part.close();
  };
  try {
    for (const name of parts) {
      const part = await import(`./${name}.js`);
      prepared.push(await part.prepare(options));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    entries: prepared.flatMap(({ entries }) => entries),
    figures: (samples) => prepared.flatMap(({ figures }) => figures(samples)),
    close,
  };
}
