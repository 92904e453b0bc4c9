import { sep } from "node:path";
import type { Compiler } from "webpack";
import type { Generation, PluginSession } from "./generation.js";

/**
 * webpack: generates before a compilation begins, so that entries find the outputs. Outputs that a compilation
 * imports and that were written under watch cause one more compilation, in which nothing is left to generate.
 */
export function tapWebpack(compiler: Compiler, session: PluginSession, name: string): void {
  let last: Generation | undefined;
  const generate = async (): Promise<void> => {
    last = await session.generate();
    // the compiler caches what it reads: files just written are read anew
    if (last.written.length > 0) compiler.inputFileSystem?.purge?.([...last.written]);
  };

  compiler.hooks.run.tapPromise(name, generate);
  compiler.hooks.watchRun.tapPromise(name, async ({ modifiedFiles, removedFiles }) => {
    for (const path of [...(modifiedFiles ?? []), ...(removedFiles ?? [])]) session.changed(path);
    await generate();
  });
  // child compilers inherit this hook; findings and dependencies belong to the compilation of the project
  compiler.hooks.thisCompilation.tap(name, (compilation) => {
    if (compilation.compiler !== compiler || last === undefined) return;
    compilation.errors.push(...last.errors.map(({ text }) => new compiler.webpack.WebpackError(text)));
    compilation.warnings.push(...last.warnings.map(({ text }) => new compiler.webpack.WebpackError(text)));
    compilation.fileDependencies.addAll(last.files);
    compilation.missingDependencies.addAll(last.missing);
    // a folder that holds what webpack writes would make it run for ever
    const folders = last.folders.filter((folder) => !`${compiler.outputPath}${sep}`.startsWith(`${folder}${sep}`));
    compilation.contextDependencies.addAll(folders);
  });
}
