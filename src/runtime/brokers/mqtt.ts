import { randomUUID } from "node:crypto";
import type { ConnectionOptions } from "node:tls";
import { passiveTracer, sleep, systemClock, type Clock, type Random, type Tracer } from "../context/index.js";
import {
  deadHeaders,
  QueueError,
  toError,
  type Broker,
  type BrokerConsumer,
  type BrokerDelivery,
  type Inbox,
  type OutgoingMessage,
  type PublishResult,
  type ServerInfo,
  type Source,
} from "../queue/index.js";
import { optionsOfServer } from "./mqtt/bindings.js";
import { joinGroup, type Member } from "./mqtt/group.js";
import { openLink, parseServer, type LinkInput, type MqttLink } from "./mqtt/link.js";
import { fromEnvelope, fromPacket, toEnvelope, toPacket } from "./mqtt/properties.js";
import { createPublisher, type Letter } from "./mqtt/publisher.js";
import { createSubscriptions } from "./mqtt/subscriptions.js";
import { addressOf, createRoutes, routeOf, sharedFilter, shortHash, topicOf, type Route } from "./mqtt/topics.js";

/** What the server publishes for a client that is lost. */
export interface LastWill {
  readonly topic: string;
  readonly body: Uint8Array | string;
  /** 0 by default. */
  readonly qos?: 0 | 1 | 2;
  /** False by default. */
  readonly retain?: boolean;
}

function packetOfWill({ topic, body, qos = 0, retain = false }: LastWill): NonNullable<LinkInput["will"]> {
  return { topic, payload: Buffer.from(body), qos, retain };
}

/**
 * Settings of connections to an MQTT server.
 *
 * @example const broker = await connectMqtt("mqtts://gateway:secret@mqtt.example.com", { clientId: "gateway-7" });
 */
export interface MqttOptions {
  /**
   * The bindings of the contract's server: `mqtt` of them says `clientId`, `keepAlive`, `cleanSession`,
   * `sessionExpiryInterval`, `lastWill` and `maximumPacketSize` where the other options are silent.
   *
   * @example await connectMqtt(url, { bindings: mainServer.bindings });
   */
  readonly bindings?: ServerInfo["bindings"];
  /** 5 by default; 4 is 3.1.1, which has no headers and no replies. */
  readonly protocolVersion?: 4 | 5;
  /**
   * Begins the client ids of this process; stable over restarts, and different for each that runs at a time. By default
   * a new one each time: what a process leaves behind goes to the other members of its groups then, or to the next.
   */
  readonly clientId?: string;
  /** Seconds that the server keeps the sessions of consumers that are gone; 86,400, a day, by default. */
  readonly sessionExpirySeconds?: number;
  /** QoS where the contract is silent; 1 by default. At 0 nothing is confirmed, acknowledged or delivered again. */
  readonly qos?: 0 | 1 | 2;
  /**
   * How headers travel at 3.1.1: `json`, the default, puts message and headers into a JSON object; `none` sends the
   * payload alone.
   */
  readonly envelope?: "json" | "none";
  /**
   * True: a message that no session wants fails with `unroutable` (MQTT 5, QoS 1 and 2). False by default; dead letters
   * always do.
   */
  readonly requireSubscribers?: boolean;
  /**
   * Topic below which members of groups say that they are there, so that the others take over the sessions of the dead.
   * `wirespan/members` by default; false: they do not.
   */
  readonly membersTopic?: string | false;
  /** Published by the server when the publishing connection is lost. */
  readonly will?: LastWill;
  /** Seconds between signs of life; 30 by default. */
  readonly keepaliveSeconds?: number;
  /** Messages at QoS 0 that wait in a consumer, at most; what would be more is lost. 65,536 by default. */
  readonly maxPending?: number;
  /** Of node's TLS: `ca`, `cert`, `key`, … */
  readonly tls?: ConnectionOptions;
  /** Milliseconds until a connection must stand at first; 10,000 by default. Later ones are tried for ever. */
  readonly connectWithinMs?: number;
  /** Milliseconds that a publish may wait for a connection and its confirm; 30,000 by default. */
  readonly publishWithinMs?: number;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly tracer?: Tracer;
}

/**
 * MQTT 5 and 3.1.1: one connection to publish and one for each consumer, because there a session is the queue, and
 * acknowledgements and their limit are the connection's. Groups are shared subscriptions. Acknowledgements are kept
 * back until the verdict, so what a process had when it died comes again.
 *
 * @throws {QueueError} `usage` when the address is none of MQTT, `refused` for wrong credentials, `disconnected` when
 * no connection stands in time.
 * @example
 * const broker = await connectMqtt("mqtt://localhost", { clientId: "thermostats-1" });
 * await publishTemperatureMeasured(broker, { room: "hall" }, { celsius: 21.5 });
 */
export async function connectMqtt(url: string, options: MqttOptions = {}): Promise<Broker> {
  const { clock = systemClock, random = Math.random, tracer = passiveTracer, protocolVersion = 5 } = options;
  const { connectWithinMs = 10_000, publishWithinMs = 30_000, qos = 1, maxPending = 65_536 } = options;
  const { membersTopic = "wirespan/members", envelope = "json", requireSubscribers = false } = options;
  const bound = optionsOfServer(options.bindings ?? {});
  const clientId = options.clientId ?? bound.clientId ?? `wirespan-${randomUUID().slice(0, 13)}`;
  const server = parseServer(url, {
    tls: options.tls ?? {},
    version: protocolVersion,
    keepaliveSeconds: options.keepaliveSeconds ?? bound.keepaliveSeconds ?? 30,
    maximumPacketSize: bound.maximumPacketSize,
  });
  const v5 = protocolVersion === 5;
  const hasHeaders = v5 || envelope === "json";
  const routes = createRoutes();
  const members = new Set<Member>();
  /** Numbers of this process's members, by shared subscription: client ids must come back after a restart. */
  const numbers = new Map<string, Set<number>>();
  let lostBefore = 0;

  const subscriptions = createSubscriptions(() => link.client);
  const will = options.will ?? bound.will;
  const link: MqttLink = openLink({
    server,
    clock,
    random,
    clientId: `${clientId}-publish`,
    sessionSeconds: 0,
    window: undefined,
    reconnect: true,
    ...(will === undefined ? {} : { will: packetOfWill(will) }),
    onPublish: subscriptions.dispatch,
    onUp: () => subscriptions.restore(),
  });
  const publisher = createPublisher({ link, clock, timeoutMs: publishWithinMs });

  function learn(address: string, bindings: Readonly<Record<string, unknown>>, direct = false): Route {
    const known = routes.get(address);
    if (known !== undefined && Object.keys(bindings).length === 0) return known;
    const route = routeOf(address, bindings, { qos, direct });
    routes.add(route);
    return route;
  }

  function packetOf(message: OutgoingMessage, route: Route | undefined): Letter["packet"] {
    if (v5) return toPacket(message, clock.now(), route);
    if (envelope === "json") return toEnvelope(message);
    return { payload: Buffer.from(message.body), properties: undefined };
  }

  async function publish(batch: readonly OutgoingMessage[]): Promise<readonly PublishResult[]> {
    const letters: Letter[] = [];
    const failed = new Map<OutgoingMessage, PublishResult>();
    for (const message of batch) {
      try {
        const route = routes.find(message.address);
        letters.push({
          topic: topicOf(message.address, route?.open === true),
          packet: packetOf(message, route),
          qos: route?.qos ?? qos,
          retain: route?.retain ?? false,
          // the original of a dead letter is acknowledged for it: it must not vanish
          wanted: requireSubscribers || message.headers[deadHeaders.reason] !== undefined,
        });
      } catch (error) {
        failed.set(message, { ok: false, error: toError(error) });
      }
    }
    const sent = (await publisher.publish(letters)).values();
    return batch.map((message) => failed.get(message) ?? sent.next().value ?? { ok: true });
  }

  /** What members say of themselves; never fails, never holds anything up. */
  async function say(topic: string, text: string): Promise<void> {
    if (link.state !== "up") return;
    const said = link.client.publishAsync(topic, text, { qos: 1, retain: true }).catch(() => {});
    await Promise.race([said, sleep(clock, 1_000)]);
  }

  async function consume(source: Source, deliver: (batch: readonly BrokerDelivery[]) => void): Promise<BrokerConsumer> {
    if (link.state === "closed") throw new QueueError("closed", "the broker is closed");
    await link.ready(connectWithinMs);
    const { address, group, bindings = {} } = source;
    const known = learn(address, {}, group === "");
    // what an operation that receives says does not hold for those that send
    const route = Object.keys(bindings).length === 0 || group === "" ? known : routeOf(address, bindings, { qos });
    const shared = sharedFilter(group, route.filter);
    const taken = numbers.get(shared) ?? new Set();
    numbers.set(shared, taken);
    let number = 0;
    while (taken.has(number)) number++;
    taken.add(number);
    let member: Member | undefined;
    member = await joinGroup({
      server,
      clock,
      random,
      source,
      route,
      clientId: `${clientId}-${shortHash(shared)}-${number}`,
      sessionSeconds: options.sessionExpirySeconds ?? bound.sessionExpirySeconds ?? 86_400,
      connectWithinMs,
      maxPending,
      membersTopic: membersTopic === false ? undefined : membersTopic,
      subscriptions,
      say,
      read: (packet) => {
        const from = addressOf(route, packet.topic);
        return v5 ? fromPacket(packet, from) : fromEnvelope(packet, from);
      },
      deliver,
      onClosed: () => {
        taken.delete(number);
        if (member === undefined) return;
        members.delete(member);
        lostBefore += member.consumer.lost;
      },
    });
    members.add(member);
    return member.consumer;
  }

  async function openInbox(deliver: (messages: readonly OutgoingMessage[]) => void): Promise<Inbox> {
    const address = `wirespan/inbox/${randomUUID()}`;
    await link.ready(connectWithinMs);
    const close = await subscriptions.add(address, (packet) => deliver([fromPacket(packet, address)]));
    return { address, close };
  }

  try {
    await link.ready(connectWithinMs);
  } catch (error) {
    await link.close();
    throw error;
  }
  return {
    id: "mqtt",
    capabilities: {
      confirms: true,
      redelivery: true,
      fanOut: true,
      openParameters: true,
      batch: false,
      delayedRetry: false,
      deadLetter: true,
      browse: false,
      headers: hasHeaders,
      requestReply: v5,
      durable: false,
      reconnect: true,
    },
    settings: { clock, random, tracer },
    deadLetterAddress: (address, group) => {
      const separator = address.includes("/") ? "/" : ".";
      return [address, ...(group === "" ? [] : [group]), "dead"].join(separator);
    },
    ensure: async ({ addresses }) => {
      for (const { address, bindings, groups } of addresses) {
        learn(
          address,
          bindings,
          groups.some(({ group }) => group === ""),
        );
        for (const { deadLetter } of groups) if (deadLetter !== undefined) learn(deadLetter, {}, true);
      }
    },
    publish,
    consume,
    ...(v5 ? { openInbox } : {}),
    // eslint-disable-next-line require-yield
    async *browse(address) {
      throw new QueueError("usage", `${address}: MQTT has nothing that could be read without being taken`);
    },
    health: async () => {
      const links = [link, ...[...members].map((member) => member.link)];
      const down = links.find(({ state }) => state !== "up");
      if (down !== undefined) {
        const why = down.lastError === undefined ? "connecting" : down.lastError.message || String(down.lastError);
        return { ok: false, detail: `${down.state}: ${why}` };
      }
      const lost = [...members].reduce((sum, { consumer }) => sum + consumer.lost, lostBefore);
      const said = lost === 0 ? "" : `, ${lost} messages at QoS 0 lost because handlers are too slow`;
      return { ok: true, detail: `connected to ${server.host}:${server.port}, ${members.size} consumers${said}` };
    },
    close: async () => {
      await Promise.all([...members].map(({ consumer }) => consumer.drain(0)));
      publisher.close();
      await link.close();
    },
  };
}
