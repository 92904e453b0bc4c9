import { constants } from "node:os";
import { afterGrace, servedCalls } from "../rpc/index.js";
import type { Health } from "./health.js";

/** Something that ends: a server or transport, a broker's consumer, or a function for anything else. */
export type Closing =
  | { close(withinMs?: number): Promise<unknown> }
  | { drain(withinMs?: number): Promise<readonly Unfinished[]> }
  | ((withinMs: number) => Promise<unknown>);

/** A delivery that a consumer gave back because its handler did not end. */
interface Unfinished {
  readonly id: string;
  readonly address: string;
}

/**
 * What a program ends, and in which order.
 *
 * @example
 * shutdownOnSignal({ health, servers: [server, consumer], after: [transport, broker] });
 */
export interface ShutdownOptions {
  /** Not serving from the first moment on. */
  readonly health?: Health | undefined;
  /** What takes work in: servers, consumers. All at once they take no more and finish what is under way. */
  readonly servers: readonly Closing[];
  /** What work in progress needs: transports, brokers, pools. Closed after the servers, in this order. */
  readonly after?: readonly Closing[] | undefined;
  /** Milliseconds that work under way may take before it is cancelled; 30,000 by default. */
  readonly withinMs?: number | undefined;
  /**
   * Milliseconds between not serving and taking no more, for load balancers that take a while to notice; 0 by default.
   */
  readonly noticeMs?: number | undefined;
}

/** How a shutdown went. */
export interface ShutdownResult {
  /** True when all work was finished in time and everything was closed. */
  readonly clean: boolean;
  /** What was still under way when the time was over: `/acme.v1.Users/Get from 10.0.0.7:53012`. */
  readonly stuck: readonly string[];
  /** What could not be closed. */
  readonly errors: readonly unknown[];
}

/** Milliseconds after the end of the time for what was cancelled to let go. */
const aftermathMs = 1_000;

/**
 * Ends what a program runs: health first, then what takes work in, then what that work needs. Never rejects, and takes
 * little longer than its time.
 *
 * @example const { clean, stuck } = await shutdown({ health, servers: [server], after: [transport], withinMs: 10_000 });
 */
export async function shutdown(options: ShutdownOptions): Promise<ShutdownResult> {
  const { health, servers, after = [], withinMs = 30_000, noticeMs = 0 } = options;
  const stuck: string[] = [];
  const errors: unknown[] = [];
  health?.drain();
  if (noticeMs > 0) await pause(noticeMs);

  // before the servers' own timers, so that it sees the calls that those will cancel
  const stopNoting = afterGrace(withinMs, () => {
    for (const { method, peer } of servedCalls()) stuck.push(peer === "" ? method.path : `${method.path} from ${peer}`);
  });
  const end = async (part: Closing, limit: number): Promise<void> => {
    try {
      const unfinished = await within(limit + aftermathMs, close(part, limit));
      if (isUnfinished(unfinished)) for (const { id, address } of unfinished) stuck.push(`${address} ${id}`);
    } catch (error) {
      errors.push(error);
    }
  };
  await Promise.all(servers.map((part) => end(part, withinMs)));
  stopNoting();
  // nobody calls any more
  for (const part of after) await end(part, aftermathMs);
  return { clean: stuck.length === 0 && errors.length === 0, stuck, errors };
}

function close(part: Closing, withinMs: number): Promise<unknown> {
  if (typeof part === "function") return part(withinMs);
  return "drain" in part ? part.drain(withinMs) : part.close(withinMs);
}

function isUnfinished(value: unknown): value is readonly Unfinished[] {
  return Array.isArray(value) && value.every((item) => typeof item === "object" && item !== null && "address" in item);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Rejects when the promise takes longer. */
async function within(ms: number, promise: Promise<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not closed within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Settings of {@link shutdownOnSignal}. */
export interface ShutdownOnSignalOptions extends ShutdownOptions {
  /** `SIGTERM` and `SIGINT` by default. */
  readonly signals?: readonly NodeJS.Signals[] | undefined;
  /** Hears how it went, before the process exits; prints what was stuck to stderr by default. */
  readonly onEnd?: ((result: ShutdownResult) => void | Promise<void>) | undefined;
}

/**
 * Shuts down at the first signal, then exits: with 0 when all work was finished in time, with 1 when some was not. A
 * second signal exits at once, with 128 and the signal's number. Returns what takes the listeners away again.
 *
 * @example shutdownOnSignal({ health, servers: [server, consumer], after: [transport, broker], withinMs: 20_000 });
 */
export function shutdownOnSignal({
  signals = ["SIGTERM", "SIGINT"],
  onEnd = printEnd,
  ...options
}: ShutdownOnSignalOptions): () => void {
  let begun = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (begun) process.exit(128 + constants.signals[signal]);
    begun = true;
    void finish();
  };
  const finish = async (): Promise<void> => {
    const result = await shutdown(options);
    try {
      await onEnd(result);
    } finally {
      process.exit(result.clean ? 0 : 1);
    }
  };
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
}

function printEnd({ stuck, errors }: ShutdownResult): void {
  for (const line of stuck) console.error(`not finished in time: ${line}`);
  for (const error of errors) console.error("not closed:", error);
}
