import { transportOf, type CallContext } from "../../rpc/index.js";

/** What makes an attempt worth another one. */
export type RetryReason = "failure" | "timeout";

/**
 * How many retries a target is given, so that clients do not keep a backend down that fails all calls. One is shared by
 * all calls to one backend. Make one by {@link createRetryBudget} or {@link createRetryQuota}.
 */
export interface RetryBudget {
  /** What is left, for metrics. */
  readonly tokens: number;
  /** An attempt failed in a way that is worth another, or the server said that there shall be none. */
  onFailure(): void;
  /** Asks for one more attempt. Returns what it costs; undefined when there shall be none. */
  acquire(reason: RetryReason): number | undefined;
  /** A call succeeded. `cost` is what its last retry took; undefined when there was none. */
  onSuccess(cost: number | undefined): void;
}

/**
 * Settings of {@link createRetryBudget}.
 *
 * @example const settings: RetryBudgetOptions = { maxTokens: 100, tokenRatio: 0.5 };
 */
export interface RetryBudgetOptions {
  /** Failures in a row that use half of it up, times two; 10 by default, above 0, at most 1,000. */
  readonly maxTokens?: number | undefined;
  /** Tokens that each call that succeeds gives back; 0.1 by default, in steps of 0.001. */
  readonly tokenRatio?: number | undefined;
}

/**
 * The throttle of gRPC (A6): each failure takes a token, each success gives a part of one back, and there are retries
 * only while more than half of them are left.
 *
 * @example
 * const budget = createRetryBudget();
 * const users = createUserServiceClient(transport, { chain: chain().use(retry({ budget })) });
 * const orders = createOrderServiceClient(transport, { chain: chain().use(hedge({ delayMs: 50, budget })) });
 * @throws {RangeError} for numbers out of range.
 */
export function createRetryBudget({ maxTokens = 10, tokenRatio = 0.1 }: RetryBudgetOptions = {}): RetryBudget {
  if (!(maxTokens > 0 && maxTokens <= 1_000)) throw outOfRange("maxTokens", maxTokens, "above 0 and at most 1000");
  // thousandths as integers: tenths as fractions would drift
  const max = Math.round(maxTokens * 1_000);
  const step = Math.round(tokenRatio * 1_000);
  if (!(step > 0)) throw outOfRange("tokenRatio", tokenRatio, "at least 0.001");
  let left = max;
  return {
    get tokens() {
      return left / 1_000;
    },
    onFailure() {
      left = Math.max(0, left - 1_000);
    },
    acquire: () => (left > max / 2 ? 0 : undefined),
    onSuccess() {
      left = Math.min(max, left + step);
    },
  };
}

/**
 * Settings of {@link createRetryQuota}.
 *
 * @example const settings: RetryQuotaOptions = { capacity: 50 };
 */
export interface RetryQuotaOptions {
  /** Tokens it begins with and never exceeds; 500 by default. */
  readonly capacity?: number | undefined;
  /** What a retry costs; 5 by default. */
  readonly retryCost?: number | undefined;
  /** What a retry costs after an attempt that took too long; 10 by default. */
  readonly timeoutCost?: number | undefined;
}

/**
 * The quota of Smithy and the SDKs of AWS: each retry takes tokens, a call that succeeds gives back what its last retry
 * took, and one that needed no retry gives one.
 *
 * @example chain().use(retry({ budget: createRetryQuota() }))
 * @throws {RangeError} for numbers out of range.
 */
export function createRetryQuota(options: RetryQuotaOptions = {}): RetryBudget {
  const { capacity = 500, retryCost = 5, timeoutCost = 10 } = options;
  for (const [name, value] of Object.entries({ capacity, retryCost, timeoutCost })) {
    if (!(Number.isSafeInteger(value) && value > 0)) throw outOfRange(name, value, "an integer from 1 up");
  }
  let tokens = capacity;
  return {
    get tokens() {
      return tokens;
    },
    onFailure() {},
    acquire(reason) {
      const cost = reason === "timeout" ? timeoutCost : retryCost;
      if (cost > tokens) return undefined;
      tokens -= cost;
      return cost;
    },
    onSuccess(cost = 1) {
      tokens = Math.min(capacity, tokens + cost);
    },
  };
}

function outOfRange(name: string, value: number, wanted: string): RangeError {
  return new RangeError(`the ${name} of a retry budget is ${value}, where it must be ${wanted}`);
}

/** No budget: as many retries as the policy allows. */
const unlimited: RetryBudget = { tokens: Infinity, onFailure() {}, acquire: () => 0, onSuccess() {} };

/** What an option says of budgets, for a client of a transport. */
export interface BudgetChoice {
  /** Another one, none, or that of the transport. */
  readonly budget: RetryBudget | false | undefined;
  /** What calls end at where no layer says otherwise: the client's transport. */
  readonly target: object;
}

/** The budget of each call: that of the transport it goes to, which a layer may have chosen. */
export function budgetsOf({ budget, target }: BudgetChoice): (context: CallContext) => RetryBudget {
  if (budget === false) return () => unlimited;
  if (budget !== undefined) return () => budget;
  return (context) => budgetOf(transportOf(context) ?? target);
}

const budgets = new WeakMap<object, RetryBudget>();

/** The budget that all clients of a transport share unless they are given another. */
function budgetOf(target: object): RetryBudget {
  let budget = budgets.get(target);
  if (budget === undefined) budgets.set(target, (budget = createRetryBudget()));
  return budget;
}
