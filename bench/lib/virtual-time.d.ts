export interface VirtualClock {
  now(): number;
  after(delayMs: number, run: () => void): () => void;
  advance(ms: number): void;
  readonly armed: number;
}
export function createVirtualClock(start?: number): VirtualClock;
export function createSeededRandom(seed: number): () => number;
