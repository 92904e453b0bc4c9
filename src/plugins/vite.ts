import { unplugin } from "./unplugin.js";

export type { WirespanPluginOptions } from "./generation.js";

/**
 * Generates as a step of Vite: before modules are resolved, and again when contracts change.
 *
 * @example
 * // vite.config.ts
 * import wirespan from "wirespan/vite";
 *
 * export default defineConfig({ plugins: [wirespan({ inputs: ["contracts"] })] });
 */
const wirespan: (typeof unplugin)["vite"] = unplugin.vite;

export default wirespan;
