import { captureContext, holdProcess, type Clock } from "../../context/index.js";
import {
  Code,
  failedAnswer,
  isExpiredAttempt,
  isUnaryInput,
  lifetimeOf,
  repeatable,
  retryInfoDelayOf,
  unseenOf,
  type Answer,
  type Call,
  type CallContext,
  type Give,
  type Lifetime,
  type MethodInfo,
  type RpcStatus,
  type Start,
} from "../../rpc/index.js";
import { makeAttempt } from "./attempt-call.js";
import { longestPushbackMs, readPushback } from "./backoff.js";
import type { RetryBudget } from "./budget.js";
import type { AttemptMeasures } from "./measures.js";
import type { RetryPlan } from "./policy.js";
import { RequestReplay, type ReplayMemory, type ReplayReader } from "./replay.js";

/** A retry that is about to be made. */
export interface RetryEvent {
  readonly method: MethodInfo;
  /** The attempt that failed, 1 for the first. */
  readonly attempt: number;
  readonly status: RpcStatus;
  /** Milliseconds until the next attempt. */
  readonly delayMs: number;
  /** True where no server had seen the attempt, so that it does not count. */
  readonly transparent: boolean;
}

/** What all calls of a method share. */
export interface RetriedCalls {
  readonly next: Start;
  readonly plan: RetryPlan;
  readonly budgetFor: (context: CallContext) => RetryBudget;
  readonly clock: Clock;
  readonly measures: AttemptMeasures;
  readonly onRetry: ((event: RetryEvent) => void) | undefined;
  /** Bytes of requests that a call keeps. */
  readonly limit: number;
  readonly memory: ReplayMemory;
}

/** Calls that are made again as the plan says. */
export function retryCalls(shared: RetriedCalls): Start {
  return (call, give) => new RetriedCall(call, give, shared).start();
}

/** What follows a failure. */
interface Again {
  readonly delayMs: number;
  readonly transparent: boolean;
}

class RetriedCall<I, O> {
  readonly #call: Call<I, O, {}>;
  readonly #give: Give<O>;
  readonly #shared: RetriedCalls;
  readonly #budget: RetryBudget;
  readonly #lifetime: Lifetime;
  /** The context of the caller: later attempts begin in that of a timer or a socket. */
  readonly #run = captureContext();
  readonly #replay: RequestReplay<I> | undefined;
  #reader: ReplayReader<I> | undefined;
  /** Attempts that count, the one under way included. */
  #number = 1;
  /** Waits since the schedule began. */
  #retries = 0;
  #unsent = 0;
  #refused = false;
  #delayMs = 0;
  #cost: number | undefined;

  constructor(call: Call<I, O, {}>, give: Give<O>, shared: RetriedCalls) {
    this.#shared = shared;
    this.#budget = shared.budgetFor(call.context);
    this.#give = give;
    this.#lifetime = lifetimeOf(call);
    const { method, requests } = call;
    if (isUnaryInput(method.kind)) {
      const several = repeatable(requests);
      this.#call = several === requests ? call : call.change({ requests: several });
    } else {
      const { limit, memory } = shared;
      this.#call = call;
      this.#replay = new RequestReplay({ method, source: requests, limit, memory });
    }
  }

  start(): void {
    this.#send(false);
  }

  #send(transparent: boolean): void {
    const { plan, next } = this.#shared;
    this.#reader = this.#replay?.open();
    let call;
    try {
      const attempt = { number: this.#number, transparent, timeoutMs: plan.attemptTimeoutMs };
      call = makeAttempt(this.#call, attempt, this.#reader);
    } catch (error) {
      return this.#finish(failedAnswer(error));
    }
    next<I, O>(call, (answer) => this.#receive(answer));
  }

  #receive(answer: Answer<O>): void {
    const { failed } = answer;
    if (failed === undefined) return this.#commit(answer);
    if (this.#reader !== undefined) this.#replay?.drop(this.#reader);
    const again = this.#decide(failed);
    if (again === undefined) return this.#finish(answer);
    this.#tell(again, failed);
    const send = (): void => {
      if (!again.transparent) this.#number++;
      this.#run(() => this.#send(again.transparent));
    };
    // one after the other without a pause, an endless number of them would be a loop
    if (again.transparent && this.#unsent <= 1) send();
    else this.#wait(again.delayMs, send);
  }

  /** What is done about a failure; undefined when that is how the call ends. */
  #decide(status: RpcStatus): Again | undefined {
    const { plan, clock } = this.#shared;
    const lost = this.#lifetime.over || this.#replay?.replayable === false;
    if (!lost && this.#unseen(status)) return { delayMs: 0, transparent: true };
    const pushback = readPushback(status.trailer.get("grpc-retry-pushback-ms"));
    // DEADLINE_EXCEEDED by itself; to the caller such a server is as good as none
    const expired = isExpiredAttempt(status);
    const worth = plan.codes.has(status.code) || (expired && plan.codes.has(Code.UNAVAILABLE));
    // before anything else, so that no failure is left out because of how many attempts are left
    if (worth || pushback === "stop") this.#budget.onFailure();
    if (lost || !worth || pushback === "stop" || this.#number >= plan.maxAttempts) return undefined;
    if (pushback !== undefined) this.#retries = 0;
    // the header is meant for retries, and is exact; the detail says when a call may be worth it at the earliest
    const delayMs =
      pushback ?? Math.max(plan.delayMs(++this.#retries, status.code), retryInfoDelayOf(status.details) ?? 0);
    if (delayMs > longestPushbackMs) return undefined;
    const { deadline } = this.#lifetime;
    // a retry that would come too late helps nobody; this failure says more than the deadline would
    if (deadline !== undefined && clock.now() + delayMs >= deadline) return undefined;
    const cost = this.#budget.acquire(expired || status.code === Code.DEADLINE_EXCEEDED ? "timeout" : "failure");
    if (cost === undefined) return undefined;
    this.#cost = cost;
    return { delayMs, transparent: false };
  }

  /** True for an attempt that no server has seen, and that may be replaced: one that was refused once, and only first. */
  #unseen(status: RpcStatus): boolean {
    const unseen = unseenOf(status);
    if (unseen === "unsent") {
      this.#unsent++;
      return true;
    }
    if (unseen === undefined || this.#refused || this.#number > 1) return false;
    return (this.#refused = true);
  }

  #wait(delayMs: number, send: () => void): void {
    const { clock } = this.#shared;
    const began = clock.now();
    const release = holdProcess();
    const cancel = clock.after(delayMs, () => {
      forget();
      release();
      this.#delayMs += clock.now() - began;
      send();
    });
    const forget = this.#lifetime.onAbort((reason) => {
      cancel();
      release();
      this.#delayMs += clock.now() - began;
      this.#finish(failedAnswer(reason));
    });
  }

  #tell({ delayMs, transparent }: Again, status: RpcStatus): void {
    const { onRetry } = this.#shared;
    if (onRetry === undefined) return;
    try {
      const { method } = this.#call;
      this.#run(() => onRetry({ method, attempt: this.#number, status, delayMs, transparent }));
    } catch {
      // a listener that fails must not fail the call
    }
  }

  /** The reply has begun: this attempt is the call. */
  #commit(answer: Answer<O>): void {
    const { plan } = this.#shared;
    if (this.#reader !== undefined) this.#replay?.commit(this.#reader);
    answer.ending.when(({ code }) => {
      this.#replay?.close();
      if (code === Code.OK) this.#budget.onSuccess(this.#cost);
      else if (plan.codes.has(code)) this.#budget.onFailure();
    });
    this.#measure();
    this.#give(answer);
  }

  #finish(answer: Answer<O>): void {
    this.#replay?.close();
    this.#measure();
    this.#give(answer);
  }

  #measure(): void {
    const transparent = this.#unsent + (this.#refused ? 1 : 0);
    const counts = { attempts: this.#number, transparent, delayMs: this.#delayMs };
    this.#shared.measures.record(this.#call.method, counts);
  }
}
