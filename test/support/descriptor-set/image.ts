import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createFileRegistry, fromBinary, type DescFile, type FileRegistry } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { absent } from "../absent.js";
import { root } from "../compile.js";

const run = promisify(execFile);
const buf = join(root, "node_modules/.bin/buf");

/** What buf says about a folder of protos, read by protobuf-es: nothing of ours took part. */
export interface Image {
  readonly registry: FileRegistry;
  /** By canonical path; the well-known types that buf brings along are among them. */
  readonly files: ReadonlyMap<string, DescFile>;
}

/** False, with one visible line, where buf is not installed; under `CI=true` that is an error: `npm ci` installs it. */
export function haveBuf(what: string): boolean {
  return existsSync(buf) || absent(`@bufbuild/buf, which ${what} needs`);
}

/**
 * The descriptors of every proto below a folder, with source info. Throws what buf prints when it refuses one.
 *
 * @example const { files } = await buildImage("corpus/protobuf", ["corpus/protobuf/broken"]);
 */
export async function buildImage(folder: string, exclude: readonly string[] = []): Promise<Image> {
  const work = mkdtempSync(join(tmpdir(), "wirespan-image-"));
  try {
    const output = join(work, "image.binpb");
    const without = exclude.flatMap((path) => ["--exclude-path", path]);
    await run(buf, ["build", folder, ...without, "--as-file-descriptor-set", "-o", output]);
    const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(output)));
    return { registry, files: new Map([...registry.files].map((file) => [file.proto.name, file])) };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** What `buf convert` makes of a message's bytes: for contracts that protobuf-es has no properties for. */
export function convertToJson(folder: string, typeName: string, bytes: Uint8Array): unknown {
  const formats = ["--from", "-#format=binpb", "--to", "-#format=json"];
  const input = { input: bytes, encoding: "utf8" } as const;
  return JSON.parse(execFileSync(buf, ["convert", folder, "--type", typeName, ...formats], input));
}
