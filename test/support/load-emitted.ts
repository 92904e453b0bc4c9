import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";

/**
 * Emitted files as modules: writes them to a temporary folder and imports one of them. `@wirespan/runtime/*` is the
 * runtime's source, as everywhere in tests.
 *
 * @example const { UserService } = await loadEmitted<typeof import("…")>(files, "acme/user.rpc.ts");
 */
export function emittedModules(files: ReadonlyMap<string, string>): (path: string) => Promise<Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), "wirespan-emitted-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  for (const [path, content] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return async (path) => (await import(/* @vite-ignore */ join(folder, path))) as Record<string, unknown>;
}
