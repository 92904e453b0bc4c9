import { ErrorWithReasonCode } from "mqtt";
import type { Clock } from "../../context/index.js";
import { QueueError, toError, type PublishResult } from "../../queue/index.js";
import { createPlaces } from "../shared/places.js";
import type { MqttLink } from "./link.js";
import type { Packet } from "./properties.js";

/** A message ready to be sent. */
export interface Letter {
  readonly topic: string;
  readonly packet: Packet;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  /** That no session wants it is an error; servers tell at MQTT 5, above QoS 0. */
  readonly wanted: boolean;
}

export interface MqttPublisher {
  /** A result per letter once the server has confirmed it; at QoS 0 once it is on its way. Never rejects. */
  publish(letters: readonly Letter[]): Promise<PublishResult[]>;
  /** Settles what has no confirm. */
  close(): void;
}

/** Messages without a confirm at one time; further ones wait. A server may allow fewer. */
const maxInFlight = 1_024;
const noSubscribers = 16;
const quotaExceeded = 151;

export interface PublisherInput {
  readonly link: MqttLink;
  readonly clock: Clock;
  readonly timeoutMs: number;
}

export function createPublisher({ link, clock, timeoutMs }: PublisherInput): MqttPublisher {
  const { client } = link;
  /** By packet id: the server's answers, which the library keeps to itself when they are no errors. */
  const unwanted = new Set<number>();
  const allowed = (): number => Math.min(maxInFlight, client.serverProperties?.receiveMaximum ?? maxInFlight);
  const places = createPlaces(allowed);
  /** With the time when each is late. All have the same time, so the first is the first to be late. */
  const pending = new Map<(result: PublishResult) => void, { readonly until: number; late(): void }>();
  let cancelTimer: (() => void) | undefined;
  let closed = false;

  client.on("packetreceive", (packet) => {
    if (packet.cmd !== "puback" && packet.cmd !== "pubrec") return;
    if (packet.reasonCode === noSubscribers && packet.messageId !== undefined) unwanted.add(packet.messageId);
  });

  function arm(): void {
    const [first] = pending.values();
    if (cancelTimer !== undefined || first === undefined) return;
    cancelTimer = clock.after(Math.max(0, first.until - clock.now()), () => {
      cancelTimer = undefined;
      const now = clock.now();
      for (const { until, late } of pending.values()) {
        if (until > now) break;
        late();
      }
      arm();
    });
  }

  function send({ topic, packet, qos, retain, wanted }: Letter): Promise<PublishResult> {
    return new Promise((resolve) => {
      let settled = false;
      let id = 0;
      const settle = (result: PublishResult): void => {
        if (settled) return;
        settled = true;
        pending.delete(settle);
        places.leave(1);
        resolve(result);
      };
      const late = (): void => {
        const code = link.state === "up" ? "timeout" : "disconnected";
        settle(failure(code, topic, `no confirm within ${timeoutMs} ms`));
        // else it would be sent again after each reconnect
        if (id > 0 && link.state !== "closed") client.removeOutgoingMessage(id);
      };
      pending.set(settle, { until: clock.now() + timeoutMs, late });
      arm();
      const { payload, properties } = packet;
      client.publish(topic, payload, { qos, retain, ...(properties === undefined ? {} : { properties }) }, (error) => {
        const lonely = unwanted.delete(id);
        if (error !== undefined && error !== null) settle({ ok: false, error: publishError(topic, error) });
        else if (lonely && wanted) settle(failure("unroutable", topic, "nobody has subscribed to it"));
        else settle({ ok: true });
      });
      if (qos > 0 && !settled) id = client.getLastMessageId();
    });
  }

  async function sendAll(letters: readonly Letter[]): Promise<PublishResult[]> {
    try {
      if (closed) throw new QueueError("closed", "the broker was closed");
      if (link.state !== "up") await link.ready(timeoutMs);
    } catch (error) {
      places.leave(letters.length);
      return letters.map(() => ({ ok: false, error: toError(error) }));
    }
    return Promise.all(letters.map(send));
  }

  const sendInTurn = (letters: readonly Letter[]): Promise<PublishResult[]> =>
    new Promise((resolve) => places.enter(letters.length, () => resolve(sendAll(letters))));

  return {
    async publish(letters) {
      const most = allowed();
      if (letters.length <= most) return sendInTurn(letters);
      // never more than the server takes: it would end the connection. All parts queue up at once, so nobody gets between
      const parts: Promise<PublishResult[]>[] = [];
      for (let at = 0; at < letters.length; at += most) parts.push(sendInTurn(letters.slice(at, at + most)));
      return (await Promise.all(parts)).flat();
    },
    close() {
      closed = true;
      cancelTimer?.();
      const error = new QueueError("closed", "the broker was closed before the confirm");
      for (const settle of pending.keys()) settle({ ok: false, error });
    },
  };
}

function publishError(topic: string, cause: Error): QueueError {
  const code = cause instanceof ErrorWithReasonCode ? cause.code : undefined;
  if (code === undefined) return new QueueError("disconnected", `${topic}: ${cause.message}`, { cause });
  return new QueueError(code === quotaExceeded ? "full" : "refused", `${topic}: ${cause.message}`, { cause });
}

function failure(code: "disconnected" | "timeout" | "unroutable", topic: string, text: string): PublishResult {
  return { ok: false, error: new QueueError(code, `${topic}: ${text}`) };
}
