export { ownershipFile } from "./ownership.js";
export type { Coverage, WantedFile, WritePlan } from "./plan-write.js";
export { createWriter } from "./writer.js";
export type { Writer, WriterOptions } from "./writer.js";
