import { unplugin } from "./unplugin.js";

export type { WirespanPluginOptions } from "./generation.js";

/**
 * Generates as a step of Rollup: before modules are resolved, and again when contracts change.
 *
 * @example
 * // rollup.config.js
 * import wirespan from "wirespan/rollup";
 *
 * export default { input: "src/main.js", plugins: [wirespan({ inputs: ["contracts"] })] };
 */
const wirespan: (typeof unplugin)["rollup"] = unplugin.rollup;

export default wirespan;
