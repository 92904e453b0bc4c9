import type { IPublishPacket } from "mqtt";
import type { Clock } from "../../context/index.js";
import type { OutgoingMessage } from "../../queue/index.js";
import type { MqttLink } from "./link.js";

/** A message of a session that has no final verdict yet. */
export interface Entry {
  readonly session: Session;
  /** Undefined at QoS 0: nothing is acknowledged. */
  readonly packetId: number | undefined;
  readonly arrival: number;
  readonly message: OutgoingMessage;
  readonly redelivered: boolean;
  acknowledged: boolean;
}

/** What a server has sent over one session and not yet had acknowledged. */
export interface Session {
  link: MqttLink | undefined;
  /** Entries without an acknowledgement on its way. */
  readonly size: number;
  /** Undefined when it is here already: sent again after a reconnect. */
  receive(packet: IPublishPacket, read: (packet: IPublishPacket) => OutgoingMessage): Entry | undefined;
  acknowledge(entry: Entry): void;
  /** True while a verdict has an effect. */
  has(entry: Entry): boolean;
  /** The server has forgotten it, or gives everything to somebody else. Returns what was here. */
  clear(): readonly Entry[];
  /** Sends all that is acknowledged. */
  flush(): void;
}

/**
 * The protocol wants acknowledgements in the order of the messages. Behind one that takes long (a retry waits), they
 * would use up what the server sends unacknowledged; after that time they go out of order, which servers take.
 */
const inOrderMs = 250;

export function createSession(clock: Clock): Session {
  const byId = new Map<number, Entry>();
  let arrivals = 0;
  let scheduled = false;
  let cancelLate: (() => void) | undefined;

  /** All of one turn go in one write. */
  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    queueMicrotask(() => {
      scheduled = false;
      send(false);
    });
  }

  function send(all: boolean): void {
    // what is acknowledged while there is no connection stays, for the moment when the server sends it again
    if (session.link?.state !== "up") return;
    const ids: number[] = [];
    for (const [id, entry] of byId) {
      if (entry.acknowledged) ids.push(id);
      else if (!all) break;
    }
    for (const id of ids) byId.delete(id);
    if (ids.length > 0) session.link.release(ids);
    if (cancelLate !== undefined || all) return;
    for (const entry of byId.values()) {
      if (!entry.acknowledged) continue;
      cancelLate = clock.after(inOrderMs, () => {
        cancelLate = undefined;
        send(true);
      });
      return;
    }
  }

  const session: Session = {
    link: undefined,
    get size() {
      return byId.size;
    },
    receive(packet, read) {
      const packetId = packet.qos > 0 ? packet.messageId : undefined;
      const known = packetId === undefined ? undefined : byId.get(packetId);
      if (known !== undefined) {
        if (known.acknowledged) schedule();
        return undefined;
      }
      const entry: Entry = {
        session,
        packetId,
        arrival: ++arrivals,
        message: read(packet),
        redelivered: packet.dup,
        acknowledged: false,
      };
      if (packetId !== undefined) byId.set(packetId, entry);
      return entry;
    },
    acknowledge(entry) {
      if (entry.packetId === undefined) return;
      entry.acknowledged = true;
      schedule();
    },
    has: (entry) => entry.packetId === undefined || byId.get(entry.packetId) === entry,
    clear() {
      const entries = [...byId.values()];
      byId.clear();
      return entries;
    },
    flush() {
      cancelLate?.();
      cancelLate = undefined;
      send(true);
    },
  };
  return session;
}
