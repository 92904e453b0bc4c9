export { parseAsyncApi } from "./parse.js";
export { isAsyncApi } from "./sniff.js";
