export { checkConfig, wantedBy } from "./check.js";
export { defineConfig, type PolicyConfig, type WirespanConfig } from "./define.js";
export { configNames } from "./find.js";
export { isGeneratorId, optionNames, options, type OptionName, type OptionSpec, type OptionType } from "./options.js";
export type { RawOption } from "./read.js";
export { resolveConfig, type ConfigRequest, type ConfigResult, type ResolvedConfig } from "./resolve.js";
export { configSchema } from "./schema.js";
