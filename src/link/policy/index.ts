export { effectivePolicy, knownScopes } from "./effective.js";
export {
  noStatement,
  spell,
  statementOf,
  type PolicyEntry,
  type PolicyOwner,
  type PolicyStatement,
} from "./entries.js";
export { callPolicy, type CallPolicy } from "./model.js";
