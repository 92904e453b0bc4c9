// How much more a backend gets to do because its clients try again: attempts for each call, with the retry budget, with
// Smithy's quota and without either. The layers are the runtime's own; the backend is a function, time stands still but
// for the waits, and the randomness is seeded, so that every run gives the same numbers.
import { createRetryQuota, hedge, retry } from "@wirespan/runtime/interceptors";
import {
  chain,
  Code,
  composeChain,
  createCall,
  failedReply,
  okReply,
  oneMessage,
  RpcError,
} from "@wirespan/runtime/rpc";
import { figure } from "../lib/figures.js";

const calls = 1_000;
const maxAttempts = 4;

/** Each with the share of attempts that fail. */
const scenarios = [
  {
    id: "retry.down.budget",
    failing: 1,
    layer: (time) => retry({ maxAttempts, ...time }),
    bar: { most: 1.01 },
    note: "attempts a call, backend down, retries within the budget",
  },
  {
    id: "hedge.down.budget",
    failing: 1,
    layer: ({ clock }) => hedge({ maxAttempts, delayMs: 50, clock }),
    bar: { most: 1.01 },
    note: "the same with hedging",
  },
  {
    id: "retry.down.quota",
    failing: 1,
    layer: (time) => retry({ maxAttempts, budget: createRetryQuota(), ...time }),
    note: "the same with Smithy's quota of 500 tokens",
  },
  {
    id: "retry.down.unlimited",
    failing: 1,
    layer: (time) => retry({ maxAttempts, budget: false, ...time }),
    note: "the same without a budget",
  },
  {
    id: "retry.errors5.budget",
    failing: 0.05,
    layer: (time) => retry({ maxAttempts, ...time }),
    note: "attempts a call, 5 % of attempts fail",
  },
  {
    id: "retry.errors5.failed",
    failing: 0.05,
    layer: (time) => retry({ maxAttempts, ...time }),
    failures: true,
    note: "share of calls that fail then: 5 % without retries",
  },
];

export async function prepare() {
  return {
    entries: scenarios.map((scenario) => ({ id: scenario.id, run: () => simulate(scenario) })),
    figures: (samples) =>
      scenarios.map(({ id, bar, note, failures }) => {
        const value = Math.max(...samples.get(id));
        return figure({ id: `rpc.simulated.${id}`, value, unit: failures ? "" : "×", bar, note });
      }),
    close() {},
  };
}

/** Attempts for each call, or the share of calls that failed. */
async function simulate({ failing, layer, failures }) {
  const clock = createClock();
  const random = seeded(1);
  let attempts = 0;
  const backend = async () => {
    attempts++;
    return random() < failing ? failedReply(new RpcError(Code.UNAVAILABLE, "down")) : okReply({});
  };
  const { layers } = chain().use(layer({ clock, random }));
  const implementation = composeChain(layers, method, backend);
  let failed = 0;
  for (let i = 0; i < calls; i++) {
    const made = implementation(createCall({ method, requests: oneMessage({}), side: "client", clock }));
    const reply = await whileTimePasses(made, clock);
    if (reply.failed !== undefined) failed++;
  }
  return failures ? failed / calls : attempts / calls;
}

/** What a promise resolves to, while waits are over as soon as nothing else is left to do. */
async function whileTimePasses(promise, clock) {
  for (;;) {
    const found = await Promise.race([promise, new Promise((resolve) => setImmediate(resolve))]);
    if (found !== undefined) return found;
    clock.jump();
  }
}

const message = { kind: "message", typeName: "simulated.Message" };
const method = {
  name: "Simulated",
  service: "simulated.Service",
  path: "/simulated.Service/Simulated",
  kind: "unary",
  input: message,
  output: message,
  idempotency: "idempotent",
  policy: {},
};

/** A clock that stands still, and jumps to the next timer when it is told to. */
function createClock() {
  let now = 0;
  const timers = new Set();
  return {
    now: () => now,
    after(delayMs, run) {
      const timer = { at: now + delayMs, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    jump() {
      const [next] = [...timers].sort((a, b) => a.at - b.at);
      if (next === undefined) return;
      timers.delete(next);
      now = next.at;
      next.run();
    },
  };
}

/** Uniform numbers that are the same in every run (mulberry32). */
function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
