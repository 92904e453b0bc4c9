import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Bytes that something holds on to, objects and buffers. */
export function heldBytes(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Of these, how many something still holds on to. What has just been touched is kept until the next turn. */
export async function stillHeld(references: readonly WeakRef<object>[]): Promise<number> {
  let held = Infinity;
  for (let i = 0; i < 5 && held > 0; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    held = references.filter((reference) => reference.deref() !== undefined).length;
  }
  return held;
}
