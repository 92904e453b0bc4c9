// What code of documents that know no broker says of payloads. It is here as well as in `queue`, because browsers load
// this folder, and consumers need what only Node has.
export { avro, avroPayload } from "../queue/avro/index.js";
export type { AvroRef, AvroType } from "../queue/avro/index.js";
export type { Shape, ShapeRef } from "../queue/checker.js";
export { bytesPayload, checkedPayload, jsonPayload, textPayload } from "../queue/payload.js";
export { shape } from "../queue/shape.js";
export type { ServerInfo } from "../queue/types.js";
export { linearPattern } from "../pattern/index.js";
