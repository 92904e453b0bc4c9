// Codecs: binary (binary.js), Go's (go.js), memory (memory.js), JSON (json.js) and sizes (size.js). Each part gives
// `prepare({ quick })`, which resolves to `{ entries, figures(samples), close() }` like a suite.
import * as binary from "./binary.js";
import { buildLibraries } from "./build.js";
import { saveBytes } from "./bytes.js";
import * as go from "./go.js";
import * as json from "./json.js";
import * as memory from "./memory.js";
import * as size from "./size.js";

export const peers = [
  "@bufbuild/buf",
  "@bufbuild/protobuf",
  "@bufbuild/protoc-gen-es",
  "protobufjs",
  "protobufjs-cli",
  "ts-proto",
];
export const rounds = { quick: 5, full: 21 };

/** What can be measured alone: `npm run bench -- codec json`. */
export const parts = { binary, go, memory, json, size };

/** Builds the code of all libraries, checks that they write the same bytes, and starts what measures them. */
export async function prepare({ part, ...options }) {
  await buildLibraries();
  await saveBytes();

  const prepared = [];
  const close = async () => {
    for (const part of prepared) await part.close();
  };
  try {
    for (const { prepare } of part === undefined ? Object.values(parts) : [parts[part]]) {
      prepared.push(await prepare(options));
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
