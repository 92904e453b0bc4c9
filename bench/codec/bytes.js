// The bytes that all libraries decode, kept in files for the processes that measure.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cache } from "./build.js";
import { messages, shapes } from "./data.js";
import { libraries, loadLibrary } from "./libraries.js";

/** A folder per shape, a file per message. */
export const bytesFolder = join(cache, "bytes");

/** Keeps the bytes of all messages; throws when a library writes others. */
export async function saveBytes() {
  for (const shape of Object.keys(shapes)) {
    const folder = join(bytesFolder, shape);
    await mkdir(folder, { recursive: true });
    for (const [i, bytes] of (await bytesOf(shape)).entries()) {
      await writeFile(join(folder, `${String(i).padStart(2, "0")}.bin`), bytes);
    }
  }
}

/** The bytes of a shape's messages as Buffers. */
export async function readBytes(shape) {
  const folder = join(bytesFolder, shape);
  return Promise.all((await readdir(folder)).sort().map((name) => readFile(join(folder, name))));
}

/** The bytes of a shape's messages. A library that writes others would be measured at other work. */
async function bytesOf(shape) {
  const { encode } = (await loadLibrary("wirespan"))(shape);
  const bytes = messages(shape).map((message) => Buffer.from(encode(message)));
  for (const name of libraries) {
    const codec = (await loadLibrary(name))(shape);
    for (const [i, expected] of bytes.entries()) {
      const same = expected.equals(codec.encode(codec.decode(expected)));
      if (!same) throw new Error(`${name} writes message ${i} of ${shape} in other bytes`);
      const literal = codec.encodeLiteral(codec.literals[i]);
      // maps keep the order of their keys, so the bytes of a literal may stand in another order
      if (literal.length !== expected.length) throw new Error(`${name} writes literal ${i} of ${shape} otherwise`);
    }
  }
  return bytes;
}
