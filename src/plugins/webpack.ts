import { unplugin } from "./unplugin.js";

export type { WirespanPluginOptions } from "./generation.js";

/**
 * Generates as a step of webpack: before modules are resolved, and again when contracts change.
 *
 * @example
 * // webpack.config.js
 * import wirespan from "wirespan/webpack";
 *
 * export default { plugins: [wirespan({ inputs: ["contracts"] })] };
 */
const wirespan: (typeof unplugin)["webpack"] = unplugin.webpack;

export default wirespan;
