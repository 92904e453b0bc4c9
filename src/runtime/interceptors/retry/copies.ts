import { captureContext, holdProcess, type Clock } from "../../context/index.js";
import {
  Code,
  failedAnswer,
  isExpiredAttempt,
  isUnaryInput,
  lifetimeOf,
  nestedCall,
  repeatable,
  RpcError,
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
import { readPushback } from "./backoff.js";
import type { RetryBudget } from "./budget.js";
import type { AttemptMeasures } from "./measures.js";
import type { HedgePlan } from "./policy.js";
import { RequestReplay, type ReplayMemory, type ReplayReader } from "./replay.js";

/** A further copy of a call that is being sent. */
export interface HedgeEvent {
  readonly method: MethodInfo;
  /** The copy, 2 for the first further one. */
  readonly attempt: number;
  /** The failure that it follows; undefined when nothing had come back in time. */
  readonly status: RpcStatus | undefined;
}

/** What all calls of a method share. */
export interface HedgedCalls {
  readonly next: Start;
  readonly plan: HedgePlan;
  readonly budgetFor: (context: CallContext) => RetryBudget;
  readonly clock: Clock;
  readonly measures: AttemptMeasures;
  readonly onHedge: ((event: HedgeEvent) => void) | undefined;
  /** Bytes of requests that a call keeps. */
  readonly limit: number;
  readonly memory: ReplayMemory;
}

/** Calls of which further copies are sent as the plan says. */
export function hedgeCalls(shared: HedgedCalls): Start {
  return (call, give) => new HedgedCall(call, give, shared).start();
}

/** One copy. */
interface Copy<I> {
  readonly number: number;
  readonly lifetime: Lifetime;
  readonly reader: ReplayReader<I> | undefined;
}

class HedgedCall<I, O> {
  readonly #call: Call<I, O, {}>;
  readonly #give: Give<O>;
  readonly #shared: HedgedCalls;
  readonly #budget: RetryBudget;
  readonly #lifetime: Lifetime;
  /** The context of the caller: later copies begin in that of a timer or a socket. */
  readonly #run = captureContext();
  readonly #replay: RequestReplay<I> | undefined;
  /** Copies that were not answered yet. */
  readonly #live = new Set<Copy<I>>();
  /** Takes back what is going to be done. */
  readonly #waits = new Set<() => void>();
  #forget = (): void => {};
  #cancelNext = (): void => {};
  #sent = 0;
  /** A server, or the budget, wants no more copies. */
  #stopped = false;
  #unsent = 0;
  #refused = false;
  #cost: number | undefined;
  #last: Answer<O> | undefined;
  #decided = false;

  constructor(call: Call<I, O, {}>, give: Give<O>, shared: HedgedCalls) {
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
      const onOverflow = (reader: ReplayReader<I>): void => this.#cancelOthers((copy) => copy.reader === reader);
      this.#call = call;
      this.#replay = new RequestReplay({ method, source: requests, limit, memory, onOverflow });
    }
  }

  start(): void {
    this.#forget = this.#lifetime.onAbort((reason) => this.#decide(failedAnswer(reason), undefined));
    this.#send(undefined);
  }

  /** Sends the next copy, and sees to it that one more follows. */
  #send(status: RpcStatus | undefined): void {
    const number = ++this.#sent;
    if (number > 1) this.#tell(number, status);
    this.#sendCopy(number, false);
    this.#schedule(this.#shared.plan.delayMs);
  }

  #sendCopy(number: number, transparent: boolean): void {
    if (this.#decided) return;
    const reader = this.#replay?.open();
    const { call: nested, lifetime } = nestedCall(this.#call);
    const copy: Copy<I> = { number, lifetime, reader };
    this.#live.add(copy);
    let call;
    try {
      call = makeAttempt(nested, { number, transparent, timeoutMs: undefined }, reader);
    } catch (error) {
      return this.#receive(failedAnswer(error), copy);
    }
    this.#shared.next<I, O>(call, (answer) => this.#receive(answer, copy));
  }

  #receive(answer: Answer<O>, copy: Copy<I>): void {
    if (!this.#live.has(copy)) return;
    const { failed } = answer;
    if (failed === undefined) return this.#decide(answer, copy);
    this.#live.delete(copy);
    copy.lifetime.end(failed);
    if (copy.reader !== undefined) this.#replay?.drop(copy.reader);
    if (this.#lifetime.over) return this.#decide(answer, undefined);
    this.#last = answer;
    if (this.#unseen(failed, copy)) return this.#sendAgain(copy.number);

    const { plan } = this.#shared;
    const pushback = readPushback(failed.trailer.get("grpc-retry-pushback-ms"));
    const nonFatal = isExpiredAttempt(failed) || plan.nonFatalCodes.has(failed.code);
    if (nonFatal || pushback === "stop") this.#budget.onFailure();
    if (!nonFatal) return this.#decide(answer, undefined);
    this.#cancelNext();
    if (pushback === "stop") this.#stopped = true;
    if (typeof pushback === "number" && pushback > 0) this.#schedule(pushback);
    else this.#sendNext(failed);
    this.#settle();
  }

  /** True for a copy that no server has seen, and that may be replaced: one that was refused once, and only the first. */
  #unseen(status: RpcStatus, { number }: Copy<I>): boolean {
    if (this.#replay?.replayable === false) return false;
    const unseen = unseenOf(status);
    if (unseen === "unsent") {
      this.#unsent++;
      return true;
    }
    if (unseen === undefined || this.#refused || number > 1) return false;
    return (this.#refused = true);
  }

  #sendAgain(number: number): void {
    const send = (): void => this.#run(() => this.#sendCopy(number, true));
    // one after the other without a pause, an endless number of them would be a loop
    if (this.#unsent <= 1) send();
    else this.#after(0, send);
  }

  /** The next copy in that time, in place of the one that was going to be sent. */
  #schedule(delayMs: number): void {
    this.#cancelNext();
    const { deadline } = this.#lifetime;
    const late = deadline !== undefined && this.#shared.clock.now() + delayMs >= deadline;
    if (late || !this.#mayFollow()) return;
    if (delayMs === 0) return this.#sendNext(undefined);
    this.#cancelNext = this.#after(delayMs, () => {
      this.#sendNext(undefined);
      this.#settle();
    });
  }

  #sendNext(status: RpcStatus | undefined): void {
    if (!this.#mayFollow()) return;
    const cost = this.#budget.acquire("failure");
    // who has not enough now does not send the rest either
    if (cost === undefined) this.#stopped = true;
    else this.#cost = cost;
    if (!this.#stopped) this.#run(() => this.#send(status));
  }

  #mayFollow(): boolean {
    const { maxAttempts } = this.#shared.plan;
    return !this.#decided && !this.#stopped && this.#sent < maxAttempts && this.#replay?.replayable !== false;
  }

  /** The last failure is the call's when nothing is under way and nothing will be. */
  #settle(): void {
    if (this.#live.size === 0 && this.#waits.size === 0 && this.#last !== undefined) {
      this.#decide(this.#last, undefined);
    }
  }

  #after(delayMs: number, run: () => void): () => void {
    const release = holdProcess();
    const cancel = (): void => {
      if (!this.#waits.delete(cancel)) return;
      cancelTimer();
      release();
    };
    const cancelTimer = this.#shared.clock.after(delayMs, () => {
      cancel();
      run();
    });
    this.#waits.add(cancel);
    return cancel;
  }

  /** That reply is the call's: all other copies are cancelled. */
  #decide(answer: Answer<O>, winner: Copy<I> | undefined): void {
    if (this.#decided) return;
    this.#decided = true;
    this.#forget();
    for (const cancel of this.#waits) cancel();
    this.#cancelOthers((copy) => copy === winner);
    if (winner === undefined) {
      this.#replay?.close();
    } else {
      const { plan } = this.#shared;
      if (winner.reader !== undefined) this.#replay?.commit(winner.reader);
      answer.ending.when((status) => {
        this.#replay?.close();
        winner.lifetime.end(status);
        if (status.code === Code.OK) this.#budget.onSuccess(this.#cost);
        else if (plan.nonFatalCodes.has(status.code)) this.#budget.onFailure();
      });
    }
    const transparent = this.#unsent + (this.#refused ? 1 : 0);
    const counts = { attempts: this.#sent, transparent, delayMs: 0 };
    this.#shared.measures.record(this.#call.method, counts);
    this.#give(answer);
  }

  #cancelOthers(stays: (copy: Copy<I>) => boolean): void {
    for (const copy of this.#live) {
      if (stays(copy)) continue;
      this.#live.delete(copy);
      copy.lifetime.abort(new RpcError(Code.CANCELLED, "another copy of the call was answered"));
    }
  }

  #tell(attempt: number, status: RpcStatus | undefined): void {
    const { onHedge } = this.#shared;
    if (onHedge === undefined) return;
    try {
      onHedge({ method: this.#call.method, attempt, status });
    } catch {
      // a listener that fails must not fail the call
    }
  }
}
