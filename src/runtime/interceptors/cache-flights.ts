import { lifetimeOf, Code, RpcError, type Call, type Next } from "../rpc/index.js";
import { runDetached, type Outcome } from "./detached.js";

/** Calls under way that others wait for too. */
export interface Flights {
  /**
   * The outcome of the call of that key that is under way, or of this one when there is none. `settle` is run once for
   * each call that was made, before the others hear of it, and must not reject. Rejects when the caller's own time is over; the others who wait notice nothing of that.
   */
  join<I, O, C>(
    key: string,
    call: Call<I, O, C>,
    next: Next<I, O, C>,
    settle: (outcome: Outcome) => Promise<void>,
  ): Promise<Outcome>;
}

interface Flight {
  /** Of who started it, in milliseconds since the epoch. */
  readonly deadline: number | undefined;
  readonly outcome: Promise<Outcome>;
  /** Callers who wait; the last to leave stops the call. */
  waiting: number;
  readonly stop: () => void;
}

/** Single flight: of many who ask the same at once one asks the server. */
export function createFlights(): Flights {
  const flights = new Map<string, Flight>();

  function start<I, O, C>(
    key: string,
    call: Call<I, O, C>,
    next: Next<I, O, C>,
    settle: (outcome: Outcome) => Promise<void>,
  ): Flight {
    const { deadline } = call.context;
    const own = runDetached(call, next, { deadline });
    const forget = (): void => {
      if (flights.get(key) === flight) flights.delete(key);
    };
    const settled = async (): Promise<Outcome> => {
      const outcome = await own.outcome;
      await settle(outcome);
      forget();
      return outcome;
    };
    const stop = (): void => {
      forget();
      own.stop(new RpcError(Code.CANCELLED, "nobody waits any longer"));
    };
    const flight: Flight = { deadline, waiting: 0, outcome: settled(), stop };
    flights.set(key, flight);
    return flight;
  }

  return {
    async join(key, call, next, settle) {
      for (;;) {
        const known = flights.get(key);
        const outcome = await wait(known ?? start(key, call, next, settle), call);
        if (known === undefined || !endedEarly(known, outcome, call)) return outcome;
      }
    },
  };
}

/**
 * What ended with the deadline of who had started it has said nothing to who has more time. The peer may have been
 * the first to say so.
 */
function endedEarly<I, O, C>({ deadline }: Flight, outcome: Outcome, call: Call<I, O, C>): boolean {
  if (outcome.kind === "reply") return false;
  if (outcome.stopped) return true;
  const own = call.context.deadline;
  return (
    outcome.status.code === Code.DEADLINE_EXCEEDED && deadline !== undefined && !(own !== undefined && own <= deadline)
  );
}

function wait<I, O, C>(flight: Flight, call: Call<I, O, C>): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    flight.waiting++;
    const forget = lifetimeOf(call).onAbort((reason) => {
      if (--flight.waiting === 0) flight.stop();
      reject(reason);
    });
    void flight.outcome.then((outcome) => {
      forget();
      resolve(outcome);
    }, reject);
  });
}
