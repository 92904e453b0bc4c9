import { sep } from "node:path";
import type { PluginFinding, PluginSession } from "./generation.js";

/** What these hooks need of Rollup, Rolldown or Vite. */
interface BuildContext {
  addWatchFile(id: string): void;
  warn(log: Log): void;
  error(log: Log): never;
}

interface Log {
  readonly message: string;
  /** Empty: the fault lies in a contract, frames of bundler and plugin would only hide it. */
  readonly stack?: string;
  readonly loc?: { readonly file: string; readonly line: number; readonly column: number };
}

/** The hooks that Rollup, Rolldown and Vite's builds share. */
export interface RollupHooks {
  buildStart(this: BuildContext): Promise<void>;
  watchChange(id: string): void;
}

/** Modules are resolved only after every `buildStart` has ended. */
export function rollupHooks(session: PluginSession): RollupHooks {
  return {
    async buildStart() {
      const { files, missing, folders, warnings, errors } = await session.generate();
      // a folder that holds what the bundler writes would make it build for ever
      const safe = folders.filter((folder) => !`${process.cwd()}${sep}`.startsWith(`${folder}${sep}`));
      // before an error ends the build: its cause is among these
      for (const path of [...files, ...missing, ...safe]) this.addWatchFile(path);
      for (const warning of warnings) this.warn(toLog(warning));
      const [first] = errors;
      if (first !== undefined) {
        this.error({ ...toLog(first), message: errors.map(({ text }) => text).join("\n\n"), stack: "" });
      }
    },
    watchChange(id) {
      session.changed(id);
    },
  };
}

function toLog({ text, file, line, column }: PluginFinding): Log {
  if (file === undefined || line === undefined || column === undefined) return { message: text };
  return { message: text, loc: { file, line, column: column - 1 } };
}
