export { celRule } from "./rule.js";
export type { CelRuleText } from "./rule.js";
export { celTypes } from "./types.js";
export type { CelTypes } from "./types.js";
export {
  celBool,
  celEnums,
  celInt,
  celList,
  celMap,
  celMessage,
  celMessages,
  celTimestamps,
  celUint,
} from "./values.js";
