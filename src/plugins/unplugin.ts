import { createUnplugin, type UnpluginInstance, type UnpluginOptions } from "unplugin";
import { setUpEsbuild } from "./esbuild-hooks.js";
import { createPluginSession, type WirespanPluginOptions } from "./generation.js";
import { rollupHooks } from "./rollup-hooks.js";
import { viteHooks } from "./vite-hooks.js";
import { tapWebpack } from "./webpack-hooks.js";

const name = "wirespan";

/**
 * The plugin for every bundler. Contracts are generated before modules are resolved; edits of contracts and of the
 * configuration generate again; errors are the bundler's errors, and leave the last good output as it is.
 */
export const unplugin: UnpluginInstance<WirespanPluginOptions | undefined, false> = createUnplugin<
  WirespanPluginOptions | undefined,
  false
>((options = {}, meta): UnpluginOptions => {
  const session = createPluginSession(options);
  switch (meta.framework) {
    case "esbuild":
      return { name, esbuild: { setup: (build) => setUpEsbuild(build, session) } };
    case "webpack":
      // its buildStart runs beside the resolution of the entries: too late
      return { name, webpack: (compiler) => tapWebpack(compiler, session, name) };
    case "vite":
      return { name, enforce: "pre", vite: viteHooks(session, name) };
    default:
      return { name, rollup: rollupHooks(session), rolldown: rollupHooks(session) };
  }
});
