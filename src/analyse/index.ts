export { explainName, type Explained } from "./explain.js";
export type { Explanation, Fact } from "./explanation.js";
