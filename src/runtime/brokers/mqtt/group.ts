import type { IPublishPacket } from "mqtt";
import type { Clock, Random } from "../../context/index.js";
import { QueueError, type BrokerDelivery, type Source } from "../../queue/index.js";
import { createConsumer, type MqttConsumer } from "./consumer.js";
import { openLink, type MqttLink, type MqttServer } from "./link.js";
import { memberStates, watchMembers, type Members } from "./members.js";
import { createSession, type Session } from "./session.js";
import { subscribe, type Subscriptions } from "./subscriptions.js";
import { sharedFilter, shortHash, type Route } from "./topics.js";

export interface MemberInput {
  readonly server: MqttServer;
  readonly clock: Clock;
  readonly random: Random;
  readonly source: Source;
  readonly route: Route;
  readonly clientId: string;
  readonly sessionSeconds: number;
  readonly connectWithinMs: number;
  readonly maxPending: number;
  /** Where members tell of themselves; undefined: they do not. */
  readonly membersTopic: string | undefined;
  readonly subscriptions: Subscriptions;
  readonly say: (topic: string, text: string) => Promise<void>;
  readonly read: (packet: IPublishPacket) => ReturnType<Parameters<typeof createConsumer>[0]["read"]>;
  readonly deliver: (batch: readonly BrokerDelivery[]) => void;
  readonly onClosed: () => void;
}

/** A running member of a group and its connection. */
export interface Member {
  readonly consumer: MqttConsumer;
  readonly link: MqttLink;
  /** Sessions of dead members that it works on. */
  readonly adopted: number;
}

/** Besides the prefetch, room for messages that wait for a retry in this process. */
const retryRoom = 256;
/** Sessions of dead members worked on at one time. */
const maxAdopted = 4;
/** A session that brings nothing for so long is empty. */
const emptyAfterMs = 500;
/** How long a lost connection may take to come back before others are told. */
const willDelaySeconds = 1;

/** Joins a group: a persistent session of its own on a connection of its own, because the session is the queue. */
export async function joinGroup(input: MemberInput): Promise<Member> {
  const { server, clock, random, source, route, clientId } = input;
  const filter = sharedFilter(source.group, route.filter);
  const topic = input.membersTopic === undefined ? undefined : `${input.membersTopic}/${shortHash(filter)}`;
  const memberId = new RegExp(`-${shortHash(filter)}-[0-9]{1,6}$`);
  const adopted = new Map<string, { readonly session: Session; readonly link: MqttLink }>();
  let members: Members | undefined;
  let leaving = false;

  const consumer = createConsumer({
    clock,
    group: source.group,
    prefetch: source.prefetch,
    maxPending: input.maxPending,
    read: input.read,
    position: (packetId, arrival) => `${clientId}#${packetId ?? arrival}`,
    deliver: input.deliver,
    leave,
  });
  const session = createSession(clock);

  function open(id: string, to: Session, more: Pick<Parameters<typeof openLink>[0], "reconnect" | "onUp" | "onDown">) {
    return openLink({
      server,
      clock,
      random,
      clientId: id,
      sessionSeconds: input.sessionSeconds,
      window: Math.min(65_535, source.prefetch + retryRoom),
      ...(topic === undefined ? {} : { will: willOf(`${topic}/${id}`) }),
      onPublish: (packet) => consumer.receive(to, packet),
      ...more,
    });
  }

  function willOf(at: string): NonNullable<Parameters<typeof openLink>[0]["will"]> {
    const will = { topic: at, payload: Buffer.from(memberStates.gone), qos: 1 as const, retain: true };
    return server.version === 5 ? { ...will, properties: { willDelayInterval: willDelaySeconds } } : will;
  }

  const link = open(clientId, session, {
    reconnect: true,
    onUp: async (present) => {
      // what was not acknowledged is gone with the server's memory of it
      if (!present) consumer.drop(session);
      await subscribe(link.client, filter, route.qos);
      void members?.arrive(clientId);
    },
  });
  session.link = link;

  /** Works off what a member left behind, and ends its session. */
  function adopt(id: string): boolean {
    if (leaving || adopted.has(id)) return true;
    if (adopted.size >= maxAdopted) return false;
    const theirs = createSession(clock);
    let cancelCheck = (): void => {};
    let last = 0;
    const end = async (): Promise<void> => {
      await orphan.close({ forget: true });
      if (server.version !== 5) await forgetSession(input, id);
      await members?.remove(id);
      adopted.delete(id);
    };
    const check = (): void => {
      const quiet = theirs.size === 0 && clock.now() - last >= emptyAfterMs;
      if (quiet) void end();
      else cancelCheck = clock.after(emptyAfterMs / 2, check);
    };
    const orphan = open(id, theirs, {
      // whoever takes it, takes it for good
      reconnect: false,
      onUp: async (present) => {
        if (present) await orphan.client.unsubscribeAsync(filter);
        last = clock.now();
        check();
      },
      onDown: () => {
        cancelCheck();
        if (orphan.state === "closed") return;
        consumer.drop(theirs);
        adopted.delete(id);
        void orphan.close();
        // its owner is back and says so, or somebody has to try again
        void members?.leave(id);
      },
    });
    orphan.client.on("message", () => (last = clock.now()));
    theirs.link = orphan;
    adopted.set(id, { session: theirs, link: orphan });
    void members?.take(id);
    return true;
  }

  async function leave(): Promise<void> {
    leaving = true;
    const all = [{ session, link }, ...adopted.values()];
    for (const one of all) one.session.flush();
    await Promise.all(all.map((one) => one.link.close()));
    // after the connection: before, nobody else may have the session
    if (members !== undefined) {
      for (const one of all) await members.leave(one.link.clientId);
      await members.stop();
    }
    input.onClosed();
  }

  try {
    await link.ready(input.connectWithinMs);
    if (topic !== undefined) {
      members = await watchMembers({
        topic,
        own: clientId,
        subscriptions: input.subscriptions,
        say: input.say,
        clock,
        random,
        isMember: (id) => id.length <= 256 && memberId.test(id),
        adopt,
      });
      await members.arrive(clientId);
    }
  } catch (error) {
    await link.close();
    input.onClosed();
    throw error instanceof QueueError
      ? error
      : new QueueError("topology", `${filter}: ${String(error)}`, { cause: error });
  }
  return {
    consumer,
    link,
    get adopted() {
      return adopted.size;
    },
  };
}

/** 3.1.1 forgets a session when its client connects without it. */
async function forgetSession({ server, clock, random }: MemberInput, clientId: string): Promise<void> {
  const last = openLink({
    server,
    clock,
    random,
    clientId,
    sessionSeconds: 0,
    window: undefined,
    reconnect: false,
    onPublish: () => {},
  });
  await last.ready(5_000).catch(() => {});
  await last.close();
}
