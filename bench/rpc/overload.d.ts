import type { Shedder } from "@wirespan/runtime/resilience";

export interface Overload {
  readonly goodput: number;
  readonly p99: number;
  readonly refused: number;
}
/** What a shedder is made of. */
export interface LoopView {
  readonly clock: { now(): number; after(delayMs: number, run: () => void): () => void };
  readonly measure: () => number;
}
export const capacity: number;
export function simulateOverload(options: {
  readonly create?: (view: LoopView) => Shedder;
  readonly load: number;
  readonly seed: number;
  readonly ms?: number;
  readonly settleMs?: number;
}): Overload;
