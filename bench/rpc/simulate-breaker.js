// What breakers, shedders and limiters do with a target that dies and a server that is offered too much: simulations
// with a clock and chance of their own, so that they cost no time and say the same every time. Ours that are the default
// have bars; the others stand beside them.
import {
  createAegisBreaker,
  createAimdLimiter,
  createBulkhead,
  createClassicBreaker,
  createGoZeroBreaker,
  createGradientLimiter,
  createRampBreaker,
  createShedder,
  createUtilization,
} from "@wirespan/runtime/resilience";
import { figure } from "../lib/figures.js";
import { median } from "../lib/stats.js";
import { simulateBackend } from "./backend.js";
import { simulateOutage, simulateSteadyErrors } from "./outage.js";
import { simulateOverload } from "./overload.js";

const seeds = [1, 2, 3, 4, 5];

const breakers = {
  ramp: createRampBreaker,
  "classic.1s": createClassicBreaker,
  "classic.10s": (basics) => createClassicBreaker({ ...basics, windowMs: 10_000 }),
  aegis: createAegisBreaker,
  "go-zero": createGoZeroBreaker,
};

const shedders = {
  "go-zero": (view) => shedder(view, "go-zero"),
  bbr: (view) => shedder(view, "bbr"),
  none: undefined,
};

const fixed = (limit) => () => ({ limit, sample() {} });
const limiters = {
  gradient2: (clock) => createGradientLimiter({ minLimit: 4, clock }),
  aimd: () => createAimdLimiter({ minLimit: 4, timeoutMs: 200 }),
  "bulkhead.16": fixed(16),
  none: fixed(Number.MAX_SAFE_INTEGER),
};

function shedder({ clock, measure }, kind) {
  return createShedder({ clock, kind, utilization: createUtilization({ clock, measure }) });
}

/** Every figure is there before a round begins: rounds would only repeat it. */
export async function prepare() {
  const figures = [...outages(), ...steadyErrors(), ...overloads(), ...backends()];
  return { entries: [{ id: "breakers", run: () => 0 }], figures: () => figures, close() {} };
}

/** Of all seeds the median, and for the bar the worst. */
function overSeeds(run, { id, unit, bar, scale = 1, worst = Math.max }) {
  const values = seeds.map((seed) => run(seed) * scale);
  return figure({
    id,
    unit,
    bar,
    value: bar === undefined ? median(values) : worst(...values),
    note: bar === undefined ? "median of five seeds" : `worst of five seeds, median ${round(median(values))}`,
  });
}

function round(value) {
  return Math.round(value * 1_000) / 1_000;
}

function outages() {
  return Object.entries(breakers).flatMap(([name, create]) =>
    [1_000, 100].flatMap((rps) => {
      const results = new Map(seeds.map((seed) => [seed, simulateOutage(create, { rps, seed })]));
      const of = (what) => (seed) => results.get(seed)[what];
      const ours = (bar) => (name === "ramp" ? bar : undefined);
      const id = (what) => `rpc.breaker.${name}.${rps}rps.${what}`;
      return [
        overSeeds(of("leak"), { id: id("leak"), unit: "%", scale: 100, bar: ours({ most: rps >= 1_000 ? 0.5 : 2.5 }) }),
        overSeeds(of("recoverMs"), { id: id("recover"), unit: "s", scale: 1e-3, bar: ours({ most: 2.5 }) }),
        overSeeds(of("afterHealing"), { id: id("first-100ms"), unit: "%", scale: 100, bar: ours({ most: 15 }) }),
        overSeeds(of("firstLoad"), {
          id: id("first-load"),
          unit: "%",
          scale: 100,
          // ten calls are too few to tell a tenth from a fifth
          bar: rps >= 1_000 ? ours({ most: 15 }) : undefined,
        }),
      ];
    }),
  );
}

function steadyErrors() {
  return Object.entries(breakers).flatMap(([name, create]) =>
    [0.3, 0.4].map((errors) =>
      overSeeds((seed) => simulateSteadyErrors(create, { rps: 1_000, seed, errors }), {
        id: `rpc.breaker.${name}.refused-at-${errors * 100}%`,
        unit: "%",
        scale: 100,
        bar: name === "ramp" && errors === 0.3 ? { most: 0 } : undefined,
      }),
    ),
  );
}

function overloads() {
  return Object.entries(shedders).flatMap(([name, create]) => {
    const ours = (bar) => (name === "go-zero" ? bar : undefined);
    const results = new Map(seeds.map((seed) => [seed, simulateOverload({ create, load: 3, seed })]));
    const unloaded = new Map(seeds.map((seed) => [seed, simulateOverload({ load: 0.3, seed }).p99]));
    return [
      overSeeds((seed) => results.get(seed).goodput, {
        id: `rpc.shed.${name}.goodput`,
        unit: "% of capacity",
        scale: 100,
        bar: ours({ least: 80 }),
        worst: Math.min,
      }),
      ...(create === undefined
        ? []
        : [
            overSeeds((seed) => results.get(seed).p99 / unloaded.get(seed), {
              id: `rpc.shed.${name}.p99`,
              unit: "× unloaded",
              bar: ours({ most: 3 }),
            }),
          ]),
    ];
  });
}

function backends() {
  return Object.entries(limiters).flatMap(([name, create]) => {
    const results = new Map(seeds.map((seed) => [seed, simulateBackend({ create, createBulkhead, load: 3, seed })]));
    return [
      overSeeds((seed) => results.get(seed).goodput, {
        id: `rpc.limiter.${name}.goodput`,
        unit: "% of capacity",
        scale: 100,
      }),
      overSeeds((seed) => results.get(seed).p99, { id: `rpc.limiter.${name}.p99`, unit: "ms" }),
    ];
  });
}
