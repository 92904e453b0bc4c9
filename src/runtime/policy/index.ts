export { contradictions, isCacheable, isIdempotent, retryTime } from "./check.js";
export type { PolicyFacts, PolicyProblem } from "./check.js";
export { builtInValues, flattenPolicy, mergeParts, nestPolicy } from "./merge.js";
export type { PolicyPart } from "./merge.js";
export { clientLayersFor, clientOrder, consumerOrder, serverLayersFor, serverOrder } from "./order.js";
export type { ConsumerStageName } from "./order.js";
export type { ClientLayerName, ServerLayerName } from "./order.js";
export { queueDefaults, queueDelayMs } from "./queue.js";
export {
  failureCodes,
  groupOf,
  isPolicyPath,
  isScope,
  keepsRule,
  policyPaths,
  policyRules,
  ruleOf,
  wantedBy,
  wrongItem,
} from "./rules.js";
export type { PolicyGroup, PolicyPath, PolicyRule, PolicyValue, WrongItem } from "./rules.js";
