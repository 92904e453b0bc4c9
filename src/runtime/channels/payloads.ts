// What code of documents that know no broker says of payloads. It is here as well as in `queue`, because browsers load
// this folder, and consumers need what only Node has.
export type { Shape, ShapeRef } from "../queue/checker.js";
export { bytesPayload, checkedPayload, jsonPayload, textPayload } from "../queue/payload.js";
export { shape } from "../queue/shape.js";
