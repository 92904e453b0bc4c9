import type { Breaker, BreakerBasics } from "@wirespan/runtime/resilience";

export interface Outage {
  readonly leak: number;
  readonly recoverMs: number;
  readonly afterHealing: number;
  readonly firstLoad: number;
}
type Create = (basics: BreakerBasics) => Breaker;
export function simulateOutage(create: Create, options: { readonly rps: number; readonly seed: number }): Outage;
export function simulateSteadyErrors(
  create: Create,
  options: { readonly rps: number; readonly seed: number; readonly errors: number; readonly warm?: boolean },
): number;
