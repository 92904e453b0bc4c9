export { explainName, type Explained, type Explanation, type Fact } from "./explain.js";
