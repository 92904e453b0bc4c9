export { formatWithPrettier } from "./format.js";
export { renderFile } from "./render.js";
export type { RenderInput, RenderSettings } from "./render.js";
