import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { diagnostic, type Report } from "../diagnostics/index.js";
import type { Origin } from "../model/index.js";
import { decodeSource, longestSource, reasonOf, type ReadText } from "./read-source.js";

const timeoutMs = 10_000;

/** Reads a remote document, from the cache when it was fetched before. Only called where the user allowed it. */
export async function fetchRemote(
  url: string,
  cacheDir: string | undefined,
  origin: Origin | undefined,
  report: Report,
  signal: AbortSignal | undefined,
): Promise<ReadText | undefined> {
  const cached = cacheDir && join(cacheDir, "remote", createHash("sha256").update(url).digest("hex"));
  if (cached) {
    const bytes = await readFile(cached).catch(() => undefined);
    if (bytes !== undefined) return decodeSource(bytes, url, origin, report);
  }
  try {
    const limit = AbortSignal.timeout(timeoutMs);
    const response = await fetch(url, { signal: signal === undefined ? limit : AbortSignal.any([signal, limit]) });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    const bytes = await readBounded(response);
    if (cached) {
      await mkdir(join(cacheDir, "remote"), { recursive: true });
      await writeFile(cached, bytes);
    }
    return decodeSource(bytes, url, origin, report);
  } catch (error) {
    if (signal?.aborted === true) throw error;
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    report(diagnostic("E1031", origin, { url, reason: reasonOf(cause) }));
    return undefined;
  }
}

async function readBounded(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > longestSource) throw new Error(`the answer has more than ${longestSource} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
