import { describe, expect, test } from "vitest";
import { createVirtualClock, type VirtualClock } from "../../../bench/lib/virtual-time.js";
import { createShedder, createUtilization, type Shedder } from "../../../src/runtime/resilience/index.js";

/** A second in which 50 calls of 20 ms pass in every 100 ms. */
function work(shedder: Shedder, clock: VirtualClock): void {
  for (let slice = 0; slice < 10; slice++) {
    const tickets = Array.from({ length: 50 }, () => shedder.enter() ?? -1);
    clock.advance(20);
    for (const ticket of tickets) shedder.leave(ticket, true);
    clock.advance(80);
  }
}

function enterAll(shedder: Shedder, count: number): (number | undefined)[] {
  return Array.from({ length: count }, () => shedder.enter());
}

describe("load shedding (T6)", () => {
  test("BBR: 50 passes in 100 ms, 20 ms each → 10 under way; more are dropped while overloaded, and a second longer", () => {
    const clock = createVirtualClock();
    let busy = 0.5;
    const shedder = createShedder({ kind: "bbr", clock, utilization: () => busy });
    work(shedder, clock);
    expect(shedder.maxInFlight).toBe(10);
    // with time to spare nobody is dropped
    expect(enterAll(shedder, 30)).not.toContain(undefined);
    busy = 0.9;
    expect(shedder.enter()).toBeUndefined();
    busy = 0.89;
    clock.advance(1_000);
    expect(shedder.enter()).toBeUndefined();
    clock.advance(1);
    expect(shedder.enter()).toBeDefined();
  });

  test("BBR: up to as many as that pass while overloaded, and one in any case", () => {
    const clock = createVirtualClock();
    const shedder = createShedder({ kind: "bbr", clock, utilization: () => 1 });
    // nothing is known of what it can do
    expect(enterAll(shedder, 2)).not.toContain(undefined);
    expect(shedder.enter()).toBeUndefined();
    const known = createShedder({ kind: "bbr", clock, utilization: () => (knows ? 1 : 0) });
    let knows = false;
    work(known, clock);
    knows = true;
    expect(enterAll(known, 20).filter((ticket) => ticket !== undefined)).toHaveLength(11);
  });

  test("what was longer ago than its window is forgotten", () => {
    const clock = createVirtualClock();
    const shedder = createShedder({ kind: "bbr", clock, utilization: () => 0 });
    work(shedder, clock);
    clock.advance(9_000);
    expect(shedder.maxInFlight).toBe(10);
    clock.advance(1_100);
    expect(shedder.maxInFlight).toBe(0);
  });

  test("go-zero: the busier the fewer, a tenth at least, and only when the average is above, too", () => {
    const clock = createVirtualClock();
    let busy = 0;
    const shedder = createShedder({ kind: "go-zero", clock, utilization: () => busy });
    work(shedder, clock);
    expect(shedder.maxInFlight).toBe(10);
    busy = 0.95;
    expect(shedder.maxInFlight).toBeCloseTo(5, 10);
    busy = 1;
    expect(shedder.maxInFlight).toBeCloseTo(1, 10);
    // the average of calls under way is that of the end of calls: a burst alone is not dropped
    busy = 0;
    for (let i = 0; i < 200; i++) {
      const ticket = shedder.enter() ?? -1;
      shedder.leave(ticket, true);
    }
    busy = 0.95;
    const burst = enterAll(shedder, 40);
    expect(burst).not.toContain(undefined);
    for (const ticket of burst.slice(0, 20)) shedder.leave(ticket ?? -1, true);
    expect(shedder.enter()).toBeUndefined();
  });

  test("what is sheddable goes first, what is critical last", () => {
    const clock = createVirtualClock();
    let busy = 0;
    const shedder = createShedder({ kind: "bbr", clock, utilization: () => busy });
    work(shedder, clock);
    enterAll(shedder, 6);
    busy = 1;
    expect(
      [shedder.enter("sheddable"), shedder.enter("default"), shedder.enter("critical")].map((t) => t === undefined),
    ).toEqual([true, false, false]);
    enterAll(shedder, 10);
    expect(shedder.inFlight).toBe(11);
    expect([shedder.enter("default"), shedder.enter("critical")].map((t) => t === undefined)).toEqual([true, false]);
    for (let i = 0; i < 20; i++) shedder.enter("critical");
    expect(shedder.inFlight).toBe(21);
  });

  test("calls that did no work say nothing of what it can do", () => {
    const clock = createVirtualClock();
    const shedder = createShedder({ kind: "bbr", clock, utilization: () => 0 });
    work(shedder, clock);
    for (let i = 0; i < 500; i++) shedder.leave(shedder.enter() ?? -1, false);
    clock.advance(100);
    expect(shedder.maxInFlight).toBe(10);
  });
});

describe("utilisation", () => {
  test("is smoothed over half a second, and missed measurements count as if they had been made", () => {
    const clock = createVirtualClock();
    const steady = createUtilization({ clock, measure: () => 1 });
    const seldom = createUtilization({ clock, measure: () => 1 });
    expect(steady()).toBe(0);
    let hotAfter = 0;
    while (steady() < 0.9) {
      clock.advance(25);
      hotAfter += 25;
    }
    expect(hotAfter).toBeGreaterThan(1_000);
    expect(hotAfter).toBeLessThan(1_200);
    expect(seldom()).toBeCloseTo(steady(), 10);
  });

  test("that of the event loop tells waiting from working", async () => {
    const utilization = createUtilization({ sampleMs: 20, decay: 0 });
    const busyUntil = performance.now() + 60;
    while (performance.now() < busyUntil);
    // the turn in which it works has to end for it to count
    await new Promise((resolve) => setImmediate(resolve));
    const worked = utilization();
    let waited = worked;
    // a machine that is busy otherwise may take a few turns to be idle here
    for (let i = 0; i < 100 && waited >= worked; i++) {
      await new Promise((resolve) => setTimeout(resolve, 25));
      waited = utilization();
    }
    expect(worked).toBeGreaterThan(waited);
    expect(worked).toBeGreaterThan(0.5);
  });

  test("what measures nonsense is kept between 0 and 1", () => {
    const clock = createVirtualClock();
    const utilization = createUtilization({ clock, measure: () => 7, decay: 0 });
    clock.advance(25);
    expect(utilization()).toBe(1);
    expect(() => createUtilization({ decay: 1 })).toThrow(
      "decay must be a number of at least 0 of at most 0.9999, not 1",
    );
  });
});
