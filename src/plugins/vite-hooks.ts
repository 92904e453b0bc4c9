import type { ViteDevServer } from "vite";
import { createSecondLook } from "../watch/second-look.js";
import type { Generation, PluginSession } from "./generation.js";
import { rollupHooks, type RollupHooks } from "./rollup-hooks.js";

interface ViteHooks extends RollupHooks {
  configResolved(config: { readonly command: "build" | "serve" }): void;
  configureServer(server: ViteDevServer): Promise<void>;
  closeBundle(): void;
}

/** Events of one save come within this time. */
const debounceMs = 10;

/**
 * Vite builds like Rollup. The development server's own watcher tells about contracts; faults go to the console and
 * the overlay, and the server stays up. Outputs that change reach the browser like any other edit.
 */
export function viteHooks(session: PluginSession, name: string): ViteHooks {
  const { buildStart, watchChange } = rollupHooks(session);
  let serving = false;
  let stop = (): void => {};
  return {
    configResolved({ command }) {
      serving = command === "serve";
    },
    async buildStart() {
      // there configureServer generates; an error here would end the server
      if (!serving) await buildStart.call(this);
    },
    watchChange,
    closeBundle() {
      stop();
    },
    async configureServer(server) {
      let timer: NodeJS.Timeout | undefined;
      const pending = new Set<string>();
      const generate = async (): Promise<void> => {
        try {
          await secondLook.taken([...pending]);
          pending.clear();
          const generation = await session.generate();
          server.watcher.add([...generation.files, ...generation.folders, ...generation.missing]);
          tell(server, generation, name);
        } catch (error) {
          server.config.logger.error(String(error), { timestamp: true });
        }
      };
      const notice = (path: string): void => {
        if (!session.changed(path)) return;
        pending.add(path);
        secondLook.noticed(path);
        clearTimeout(timer);
        timer = setTimeout(() => void generate(), debounceMs);
      };
      const secondLook = createSecondLook(notice);
      server.watcher.on("all", (_, path) => notice(path));
      stop = () => {
        clearTimeout(timer);
        secondLook.close();
      };
      await generate();
    },
  };
}

function tell(server: ViteDevServer, { errors, warnings }: Generation, name: string): void {
  for (const { text } of warnings) server.config.logger.warn(text, { timestamp: true });
  for (const { text } of errors) server.config.logger.error(text, { timestamp: true });
  const [first] = errors;
  if (first === undefined) return;
  const message = errors.map(({ text }) => text).join("\n\n");
  const loc =
    first.file === undefined || first.line === undefined || first.column === undefined
      ? {}
      : { loc: { file: first.file, line: first.line, column: first.column - 1 } };
  server.ws.send({ type: "error", err: { message, stack: "", plugin: name, ...loc } });
}
