export { applyWrite } from "./apply-write.js";
export { ownershipFile } from "./ownership.js";
export { planWrite } from "./plan-write.js";
export type { Coverage, WantedFile, WritePlan } from "./plan-write.js";
