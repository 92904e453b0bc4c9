import { unplugin } from "./unplugin.js";

export type { WirespanPluginOptions } from "./generation.js";

/**
 * Generates as a step of esbuild: before modules are resolved, and again when contracts change.
 *
 * @example
 * // build.js
 * import wirespan from "wirespan/esbuild";
 *
 * await build({ entryPoints: ["src/main.ts"], bundle: true, plugins: [wirespan({ inputs: ["contracts"] })] });
 */
const wirespan: (typeof unplugin)["esbuild"] = unplugin.esbuild;

export default wirespan;
