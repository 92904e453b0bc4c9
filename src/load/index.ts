export { asyncApiDocuments, bundledRoot, createLoader } from "./load.js";
export type { Loaded, Loader, LoadSettings } from "./load.js";
export { judgeProtos } from "./judge.js";
export { validateAsyncApi } from "./asyncapi/validate.js";
export { withPointers } from "./asyncapi/pointers.js";
export { reconcile } from "./asyncapi/reconcile.js";
