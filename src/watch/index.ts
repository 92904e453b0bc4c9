export { startWatch, type Watcher, type WatchOptions, type WatchRun } from "./watch.js";
export { staticPart, watchTargets, type WatchTargets } from "./roots.js";
export { createSecondLook, type SecondLook } from "./second-look.js";
