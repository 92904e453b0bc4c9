import { describe, expect, test } from "vitest";
import { simulateOutage, simulateSteadyErrors } from "../../../bench/rpc/outage.js";
import { simulateOverload } from "../../../bench/rpc/overload.js";
import {
  createAegisBreaker,
  createClassicBreaker,
  createRampBreaker,
  createShedder,
  createUtilization,
} from "../../../src/runtime/resilience/index.js";

const seeds = [1, 2, 3, 4, 5] as const;

describe("M14: a target that dies for ten seconds (T5)", () => {
  test.each([
    [100, 0.025],
    [1_000, 0.005],
    [4_000, 0.005],
  ])("the ramp at %i calls a second leaks at most %f and is back within 2.5 s, for every seed", (rps, mostLeak) => {
    for (const seed of seeds) {
      const { leak, recoverMs, afterHealing, firstLoad } = simulateOutage(createRampBreaker, { rps, seed });
      // it does probe: no leak at all would be a breaker that never recovers
      expect(leak).toBeGreaterThan(0);
      expect(leak).toBeLessThanOrEqual(mostLeak);
      expect(recoverMs).toBeLessThanOrEqual(2_500);
      expect(afterHealing).toBeLessThanOrEqual(0.15);
      // ten calls are too few to tell a tenth from a fifth
      if (rps >= 1_000) expect(firstLoad).toBeLessThanOrEqual(0.15);
    }
  });

  test.each([100, 1_000])(
    "the ramp refuses none of %i calls a second of which up to 30 %% fail all the time",
    (rps) => {
      for (const seed of seeds) {
        for (const errors of [0.1, 0.3]) {
          expect(simulateSteadyErrors(createRampBreaker, { rps, seed, errors })).toBe(0);
        }
      }
    },
  );

  test("the others miss a bar in the same simulation, so that it can tell", () => {
    const aegis = simulateOutage(createAegisBreaker, { rps: 1_000, seed: 1 });
    expect(aegis.leak).toBeGreaterThan(0.05);
    expect(aegis.recoverMs).toBeGreaterThan(10_000);
    const classic = simulateOutage(createClassicBreaker, { rps: 1_000, seed: 1 });
    expect(classic.firstLoad).toBe(1);
    const slow = simulateOutage((basics) => createClassicBreaker({ ...basics, windowMs: 10_000 }), {
      rps: 1_000,
      seed: 1,
    });
    expect(slow.leak).toBeGreaterThan(0.1);
    const trigger = (basics: object): ReturnType<typeof createClassicBreaker> =>
      createClassicBreaker({ ...basics, minCalls: 10_000, consecutiveFailures: 9 });
    expect(simulateSteadyErrors(trigger, { rps: 4_000, seed: 1, errors: 0.3 })).toBeGreaterThan(0);
  });
});

describe("a server that is offered three times what it can do (T6)", () => {
  const shedding = { create: ({ clock, measure }: LoopView) => createLoopShedder({ clock, measure }) };

  test("with shedding it answers at least 80 % of what it can, hardly slower than unloaded, for every seed", () => {
    for (const seed of seeds) {
      const unloaded = simulateOverload({ load: 0.3, seed });
      const { goodput, p99, refused } = simulateOverload({ ...shedding, load: 3, seed });
      expect(goodput).toBeGreaterThanOrEqual(0.8);
      expect(p99).toBeLessThanOrEqual(3 * unloaded.p99);
      expect(refused).toBeGreaterThan(0.5);
    }
  });

  test("from the first moment on, too, while it finds out", () => {
    expect(simulateOverload({ ...shedding, load: 3, seed: 1, settleMs: 0 }).goodput).toBeGreaterThanOrEqual(0.8);
  });

  test("without it the server collapses", () => {
    expect(simulateOverload({ load: 3, seed: 1 }).goodput).toBeLessThan(0.05);
  });

  test("below its capacity nothing is refused", () => {
    for (const load of [0.3, 0.7]) expect(simulateOverload({ ...shedding, load, seed: 1 }).refused).toBe(0);
  });
});

type LoopView = Parameters<NonNullable<Parameters<typeof simulateOverload>[0]["create"]>>[0];

function createLoopShedder({ clock, measure }: LoopView): ReturnType<typeof createShedder> {
  return createShedder({ clock, utilization: createUtilization({ clock, measure }) });
}
