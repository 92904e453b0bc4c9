import type { Clock, Random } from "../../context/index.js";
import type { Subscriptions } from "./subscriptions.js";

/**
 * Who has a session of a group. MQTT gives what a member had, and its share of what comes, to nobody else, even when it
 * never returns; so each says that it is there, its will says that it is gone, and one of the others takes its session.
 */
export interface Members {
  /** Says that this one is there. */
  arrive(clientId: string): Promise<void>;
  /** Says that this one has left its session behind. */
  leave(clientId: string): Promise<void>;
  /** Says that there is no such session any more. */
  remove(clientId: string): Promise<void>;
  /** Says that somebody works on the session. */
  take(clientId: string): Promise<void>;
  stop(): Promise<void>;
}

export interface MembersInput {
  /** `wirespan/members/<group>`. */
  readonly topic: string;
  readonly own: string;
  readonly subscriptions: Subscriptions;
  /** Never fails: who is not heard is found by its will. */
  readonly say: (topic: string, text: string) => Promise<void>;
  readonly clock: Clock;
  readonly random: Random;
  /** Only such ids are believed: whoever may write there could have any client thrown out otherwise. */
  readonly isMember: (clientId: string) => boolean;
  /** Takes the session of a member that is gone; false: not now. */
  readonly adopt: (clientId: string) => boolean;
}

/** What a member's retained message says. */
export const memberStates = { here: "up", gone: "gone", taken: "taken" } as const;

/** A restart takes a moment; who comes back keeps its session. */
const patienceMs = 300;
const maxWaiting = 1_000;

export async function watchMembers(input: MembersInput): Promise<Members> {
  const { topic, own, clock, random, say } = input;
  const waiting = new Map<string, () => void>();
  let here = false;

  function note(clientId: string, text: string): void {
    waiting.get(clientId)?.();
    waiting.delete(clientId);
    if (text !== memberStates.gone) return;
    if (clientId === own) {
      // a will of the connection before this one
      if (here) void say(`${topic}/${own}`, memberStates.here);
      return;
    }
    if (input.isMember(clientId) && waiting.size < maxWaiting) adoptLater(clientId);
  }

  /** Not all of them at once, and again when there is no time for it now. */
  function adoptLater(clientId: string): void {
    const adopt = (): void => {
      waiting.delete(clientId);
      if (!input.adopt(clientId)) adoptLater(clientId);
    };
    waiting.set(clientId, clock.after(patienceMs * (1 + random()), adopt));
  }

  const end = await input.subscriptions.add(`${topic}/+`, (packet) => {
    note(packet.topic.slice(topic.length + 1), String(packet.payload));
  });

  const tell = (clientId: string, text: string): Promise<void> => say(`${topic}/${clientId}`, text);
  return {
    arrive(clientId) {
      if (clientId === own) here = true;
      return tell(clientId, memberStates.here);
    },
    leave(clientId) {
      if (clientId === own) here = false;
      return tell(clientId, memberStates.gone);
    },
    remove: (clientId) => tell(clientId, ""),
    take: (clientId) => tell(clientId, memberStates.taken),
    async stop() {
      for (const cancel of waiting.values()) cancel();
      waiting.clear();
      await end();
    },
  };
}
