import { relative } from "node:path";
import type { PartialMessage, PluginBuild } from "esbuild";
import type { Generation, PluginFinding, PluginSession } from "./generation.js";

/** esbuild waits for `onStart` before it resolves anything, and watches what the resolution of an entry names. */
export function setUpEsbuild(build: PluginBuild, session: PluginSession): void {
  let last: Generation | undefined;
  build.onStart(async () => {
    // it does not say what changed; the generation finds out by itself that nothing did
    session.refresh();
    last = await session.generate();
    return { errors: last.errors.map(toMessage), warnings: last.warnings.map(toMessage) };
  });
  build.onResolve(
    { filter: /.*/ },
    async ({ path, kind, importer, namespace, resolveDir, with: attributes, pluginData }) => {
      if (kind !== "entry-point" || last === undefined || pluginData === resolving) return undefined;
      // files to watch need a resolution to go with: the one that would have been without us
      const options = { kind, importer, namespace, resolveDir, with: attributes, pluginData: resolving };
      const { errors, warnings, ...found } = await build.resolve(path, options);
      const watched = { watchFiles: [...last.files, ...last.missing], watchDirs: [...last.folders] };
      if (errors.length > 0) return { errors, warnings, ...watched };
      return { ...found, pluginData: undefined, warnings, ...watched };
    },
  );
}

/** Marks our own question, so that it is not asked again. */
const resolving: unique symbol = Symbol("wirespan");

function toMessage({ text, file, line, column }: PluginFinding): PartialMessage {
  if (file === undefined || line === undefined || column === undefined) return { text };
  return { text, location: { file: relative(process.cwd(), file), line, column: column - 1 } };
}
