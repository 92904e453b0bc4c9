export { decodeMsgpack } from "./decode.js";
export type { MsgpackOptions } from "./decode.js";
export { encodeMsgpack } from "./encode.js";
