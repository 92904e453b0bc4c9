import { describe, expect, test } from "vitest";
import { createSeededRandom, createVirtualClock, type VirtualClock } from "../../../bench/lib/virtual-time.js";
import {
  aegisDropShare,
  createAegisBreaker,
  createClassicBreaker,
  createGoZeroBreaker,
  createRampBreaker,
  goZeroDropShare,
  type Breaker,
  type BreakerState,
  type Outcome,
} from "../../../src/runtime/resilience/index.js";

/** Makes a call with an outcome that is known at once. False when it was refused. */
function call(breaker: Breaker, outcome: Outcome = "success"): boolean {
  const ticket = breaker.enter();
  if (ticket === undefined) return false;
  breaker.leave(ticket, outcome);
  return true;
}

function calls(breaker: Breaker, count: number, outcome: Outcome): number {
  let made = 0;
  for (let i = 0; i < count; i++) if (call(breaker, outcome)) made++;
  return made;
}

/** Whom it admits. @throws when it refuses. */
function admitted(breaker: Breaker): number {
  const ticket = breaker.enter();
  if (ticket === undefined) throw new Error(`it is ${breaker.state} and refused the call`);
  return ticket;
}

describe("M14: the classic breaker (T4)", () => {
  function classic(options: Parameters<typeof createClassicBreaker>[0] = {}): {
    breaker: Breaker;
    clock: VirtualClock;
    changes: BreakerState[];
  } {
    const clock = createVirtualClock();
    const changes: BreakerState[] = [];
    const breaker = createClassicBreaker({ clock, onStateChange: (to) => changes.push(to), ...options });
    return { breaker, clock, changes };
  }

  test("opens at minCalls and the ratio, not below either", () => {
    const { breaker } = classic();
    calls(breaker, 9, "failure");
    expect(breaker.state).toBe("closed");
    call(breaker, "failure");
    expect(breaker.state).toBe("open");
    expect(call(breaker)).toBe(false);

    const half = classic().breaker;
    calls(half, 6, "success");
    calls(half, 5, "failure");
    expect(half.state).toBe("closed");
    call(half, "failure");
    expect(half.state).toBe("open");
  });

  test("the window rolls: what is older than it does not count, what is younger does", () => {
    const { breaker, clock } = classic();
    calls(breaker, 5, "failure");
    clock.advance(600);
    calls(breaker, 4, "failure");
    // a window with fixed edges would have forgotten the first five somewhere on the way
    expect(breaker.state).toBe("closed");
    clock.advance(500);
    calls(breaker, 5, "failure");
    expect(breaker.state).toBe("closed");
    call(breaker, "failure");
    expect(breaker.state).toBe("open");
  });

  test("opens after more than five failures in a row, when it is told to", () => {
    const { breaker } = classic({ consecutiveFailures: 5, minCalls: 1_000 });
    calls(breaker, 5, "failure");
    call(breaker, "success");
    calls(breaker, 5, "failure");
    expect(breaker.state).toBe("closed");
    call(breaker, "failure");
    expect(breaker.state).toBe("open");
  });

  test("after openMs it admits exactly maxProbes at a time", () => {
    const { breaker, clock, changes } = classic({ openMs: 60_000, maxProbes: 3 });
    calls(breaker, 10, "failure");
    clock.advance(59_999);
    expect(breaker.enter()).toBeUndefined();
    expect(breaker.retryAfterMs()).toBe(1);
    clock.advance(1);
    const probes = [admitted(breaker), admitted(breaker), admitted(breaker)];
    expect(breaker.state).toBe("half-open");
    expect([breaker.enter(), breaker.enter()]).toEqual([undefined, undefined]);
    // one that tells nothing gives its place to another; successes do not
    breaker.leave(probes[0] ?? -1, "ignored");
    const another = admitted(breaker);
    breaker.leave(another, "success");
    expect(breaker.enter()).toBeUndefined();
    breaker.leave(probes[1] ?? -1, "success");
    expect(breaker.state).toBe("half-open");
    breaker.leave(probes[2] ?? -1, "success");
    expect(changes).toEqual(["open", "half-open", "closed"]);
  });

  test("a probe that fails opens it for as long again; a success zeroes the counters", () => {
    // a window that still holds the failures of the outage
    const { breaker, clock } = classic({ windowMs: 60_000 });
    calls(breaker, 10, "failure");
    clock.advance(1_000);
    call(breaker, "failure");
    expect(breaker.state).toBe("open");
    clock.advance(999);
    expect(breaker.enter()).toBeUndefined();
    clock.advance(1);
    call(breaker, "success");
    expect(breaker.state).toBe("closed");
    calls(breaker, 9, "failure");
    expect(breaker.state).toBe("closed");
    call(breaker, "failure");
    expect(breaker.state).toBe("open");
  });

  test("it may stay open longer every time, and starts anew when it was closed", () => {
    const { breaker, clock } = classic({ openMs: [1_000, 5_000, 10_000] });
    calls(breaker, 10, "failure");
    for (const pause of [1_000, 5_000, 10_000, 10_000]) {
      clock.advance(pause - 1);
      expect(breaker.enter()).toBeUndefined();
      clock.advance(1);
      expect(call(breaker, "failure")).toBe(true);
    }
    clock.advance(10_000);
    call(breaker, "success");
    calls(breaker, 10, "failure");
    clock.advance(1_000);
    expect(call(breaker)).toBe(true);
  });

  test("a probe that never ends gives its place to the next call after another openMs, and tells nothing then", () => {
    const { breaker, clock, changes } = classic({ openMs: [1_000, 5_000] });
    calls(breaker, 10, "failure");
    clock.advance(1_000);
    const endless = admitted(breaker);
    clock.advance(999);
    expect(breaker.enter()).toBeUndefined();
    clock.advance(1);
    const second = admitted(breaker);
    expect(breaker.enter()).toBeUndefined();
    breaker.leave(endless, "failure");
    expect(breaker.state).toBe("half-open");
    breaker.leave(second, "failure");
    expect(breaker.state).toBe("open");
    clock.advance(5_000);
    admitted(breaker);
    clock.advance(4_999);
    expect(breaker.enter()).toBeUndefined();
    clock.advance(1);
    breaker.leave(admitted(breaker), "success");
    expect(changes).toEqual(["open", "half-open", "open", "half-open", "closed"]);
  });

  test("of several probes those that succeeded count when the others never end", () => {
    const { breaker, clock } = classic({ maxProbes: 3 });
    calls(breaker, 10, "failure");
    clock.advance(1_000);
    const probes = [admitted(breaker), admitted(breaker), admitted(breaker)];
    breaker.leave(probes[0] ?? -1, "success");
    clock.advance(1_000);
    const next = [admitted(breaker), admitted(breaker)];
    expect(breaker.enter()).toBeUndefined();
    breaker.leave(probes[1] ?? -1, "success");
    breaker.leave(next[0] ?? -1, "success");
    expect(breaker.state).toBe("half-open");
    breaker.leave(next[1] ?? -1, "success");
    expect(breaker.state).toBe("closed");
  });

  test("late results of an older generation are ignored", () => {
    const { breaker, clock } = classic();
    const early = Array.from({ length: 20 }, () => admitted(breaker));
    const late = early.pop() ?? -1;
    for (const ticket of early.slice(0, 10)) breaker.leave(ticket, "failure");
    expect(breaker.state).toBe("open");
    // a success from before must not close it, nor a failure prolong it
    breaker.leave(late, "success");
    expect(breaker.state).toBe("open");
    clock.advance(1_000);
    const probe = admitted(breaker);
    for (const ticket of early.slice(10)) breaker.leave(ticket, "failure");
    expect(breaker.state).toBe("half-open");
    breaker.leave(probe, "success");
    expect(breaker.state).toBe("closed");
  });
});

describe("M14: the ramp", () => {
  function ramp(options: Parameters<typeof createRampBreaker>[0] = {}): {
    breaker: Breaker;
    clock: VirtualClock;
    changes: BreakerState[];
  } {
    const clock = createVirtualClock();
    const changes: BreakerState[] = [];
    const breaker = createRampBreaker({ clock, random: () => 0, onStateChange: (to) => changes.push(to), ...options });
    return { breaker, clock, changes };
  }

  test("opens at ten calls in a second of which half failed", () => {
    const { breaker, clock } = ramp();
    calls(breaker, 9, "failure");
    clock.advance(1_100);
    calls(breaker, 5, "success");
    calls(breaker, 4, "failure");
    expect(breaker.state).toBe("closed");
    call(breaker, "failure");
    expect(breaker.state).toBe("open");
  });

  test("probes after 250 ms, then every 500, one at a time", () => {
    const { breaker, clock } = ramp();
    calls(breaker, 10, "failure");
    const probedAt: number[] = [];
    const start = clock.now();
    for (let ms = 0; ms < 2_000; ms++, clock.advance(1))
      if (call(breaker, "failure")) probedAt.push(clock.now() - start);
    expect(probedAt).toEqual([250, 750, 1_250, 1_750]);
  });

  test("two probes in a row that succeed let a tenth, a quarter, half and all of the load back in steps of 150 ms", () => {
    const { breaker, clock, changes } = ramp();
    calls(breaker, 10, "failure");
    clock.advance(250);
    call(breaker, "success");
    clock.advance(249);
    expect(breaker.enter()).toBeUndefined();
    clock.advance(1);
    call(breaker, "success");
    expect(breaker.state).toBe("ramping");
    const shares: number[] = [];
    for (let step = 0; step < 3; step++) {
      shares.push(calls(breaker, 1_000, "success") / 1_000);
      clock.advance(150);
    }
    expect(shares).toEqual([0.1, 0.25, 0.5]);
    expect(calls(breaker, 1_000, "success")).toBe(1_000);
    expect(changes).toEqual(["open", "ramping", "closed"]);
  });

  test("a probe that fails in between starts the row again", () => {
    const { breaker, clock } = ramp();
    calls(breaker, 10, "failure");
    for (const outcome of ["success", "failure", "success"] as const) {
      clock.advance(500);
      call(breaker, outcome);
    }
    expect(breaker.state).toBe("open");
    clock.advance(500);
    call(breaker, "success");
    expect(breaker.state).toBe("ramping");
  });

  test("opens again on the way up, and calls from before count neither there nor later", () => {
    // a window that still holds the failures from before
    const { breaker, clock, changes } = ramp({ windowMs: 60_000 });
    const early = Array.from({ length: 30 }, () => admitted(breaker));
    for (const ticket of early.slice(0, 10)) breaker.leave(ticket, "failure");
    for (const ticket of early.slice(10, 20)) breaker.leave(ticket, "success");
    expect(breaker.state).toBe("open");
    for (let i = 0; i < 2; i++) {
      clock.advance(500);
      call(breaker, "success");
    }
    for (const ticket of early.slice(20)) breaker.leave(ticket, "failure");
    expect(breaker.state).toBe("ramping");
    // a tenth of them is made
    expect(calls(breaker, 90, "failure")).toBe(9);
    expect(breaker.state).toBe("ramping");
    expect(calls(breaker, 200, "failure")).toBe(1);
    expect(changes).toEqual(["open", "ramping", "open"]);
    clock.advance(249);
    expect(breaker.enter()).toBeUndefined();
  });

  test("processes that let load back together do not begin with the same call", () => {
    const firstCalls = [0, 0.35, 0.95].map((random) => {
      const { breaker, clock } = ramp({ random: () => random });
      calls(breaker, 10, "failure");
      for (let i = 0; i < 2; i++) {
        clock.advance(500);
        call(breaker, "success");
      }
      let waited = 0;
      while (!call(breaker)) waited++;
      return waited;
    });
    expect(firstCalls).toEqual([9, 6, 0]);
  });
});

describe("M14: throttling after the SRE book (T5)", () => {
  test.each([
    [99, 0, 0],
    [100, 0, 0.9901],
    [1000, 0, 0.999],
    [1000, 300, 0.4995],
    [1000, 500, 0.1665],
    [1000, 600, 0],
  ])("aegis: of %i calls %i accepted refuses %f", (total, accepted, share) => {
    expect(aegisDropShare(total, accepted)).toBeCloseTo(share, 4);
  });

  test.each([
    [5, 0, 0, 0, 0],
    [6, 0, 0, 0, 0.1429],
    [10, 0, 4, 0, 0.4545],
    [1000, 500, 0, 0, 0.2448],
    [1000, 500, 40, 0, 0.4446],
    [1000, 500, 0, 20, 0.1224],
  ])(
    "go-zero: of %i calls %i accepted, %i failing, %i working buckets refuses %f",
    (total, accepted, failingBuckets, workingBuckets, share) => {
      expect(goZeroDropShare({ total, accepted, failingBuckets, workingBuckets })).toBeCloseTo(share, 4);
    },
  );

  test("aegis refuses by lot, what it refuses counts, and the window forgets in 3 s", () => {
    const clock = createVirtualClock();
    const lots: number[] = [];
    const breaker = createAegisBreaker({ clock, random: () => lots.shift() ?? 0 });
    calls(breaker, 100, "failure");
    // 100/101 = 0.99010, then 101/102 = 0.99020, for the refused one counts, too
    lots.push(0.99, 0.99015);
    expect([call(breaker, "failure"), call(breaker, "failure")]).toEqual([false, false]);
    expect(breaker.state).toBe("open");
    clock.advance(3_100);
    expect(calls(breaker, 50, "success")).toBe(50);
    expect(breaker.state).toBe("closed");
  });

  test("go-zero lets one pass when none did for a second", () => {
    const clock = createVirtualClock();
    const lots = [0.999_999];
    const breaker = createGoZeroBreaker({ clock, random: () => lots.shift() ?? 0 });
    // six before anything is refused, one by the lot, none any more
    expect(calls(breaker, 100, "failure")).toBe(7);
    const passedAt: number[] = [];
    const start = clock.now();
    for (let ms = 0; ms < 3_500; ms += 10, clock.advance(10)) {
      if (call(breaker, "failure")) passedAt.push(clock.now() - start);
    }
    expect(passedAt).toEqual([1_010, 2_020, 3_030]);
  });

  test("go-zero counts slices at the end of its window: a failure ends the working ones, a success the failing ones", () => {
    const clock = createVirtualClock();
    const random = createSeededRandom(7);
    const shares: number[] = [];
    const breaker = createGoZeroBreaker({
      clock,
      random: () => {
        const lot = random();
        shares.push(lot);
        return 1;
      },
    });
    for (let i = 0; i < 60; i++) call(breaker, "failure");
    const drawn = shares.length;
    // with enough working slices behind the failing ones, the window as a whole still says to refuse some
    for (let i = 0; i < 20; i++) {
      clock.advance(250);
      call(breaker, "success");
    }
    expect(shares.length).toBe(drawn + 20);
    for (let i = 0; i < 40; i++) {
      clock.advance(250);
      call(breaker, "success");
    }
    expect(breaker.state).toBe("closed");
  });
});

test.each([
  ["windowMs", 0],
  ["minCalls", 1.5],
  ["failureRatio", 2],
])("M14: a breaker whose %s is %f is refused with what was found", (name, value) => {
  expect(() => createRampBreaker({ [name]: value })).toThrow(new RegExp(`${name} must be .*, not ${value}`));
  expect(() => createClassicBreaker({ [name]: value })).toThrow(RangeError);
});
