import { isDeepStrictEqual } from "node:util";
import { planEvents } from "../../src/generators/events/plan.js";
import type { Channel, EventMessage, EventsFile, JsonValue } from "../../src/model/index.js";
import { pascalCase } from "../../src/plan/index.js";
import { createMemoryBroker } from "../../src/runtime/brokers/memory.js";
import {
  isQueueError,
  type Broker,
  type ChannelInfo,
  type Consumer,
  type Delivery,
} from "../../src/runtime/queue/index.js";
import type { PayloadType } from "../../src/runtime/wire/index.js";
import { sampleOf } from "./sample.js";

type Publish = (broker: Broker, ...rest: unknown[]) => Promise<unknown>;
type Consume = (broker: Broker, handler: Handler, options: object) => Promise<Consumer>;
type Handler = (message: unknown, delivery: Delivery<unknown, object, object>) => Promise<void>;

/** What came of sending each message of a document. */
export interface RoundTrips {
  readonly travelled: number;
  /** Messages for which no valid value was found. */
  readonly guessless: readonly string[];
}

/**
 * Sends one valid message of each kind through every channel of an emitted module, on the memory broker: its example
 * where that is one, else one made from the schema.
 *
 * @param byHand Values of messages that are hard to guess, by `channel/message`.
 * @throws when what arrives is not what was sent.
 */
export async function roundTrips(
  file: EventsFile,
  module: Record<string, unknown>,
  byHand: ReadonlyMap<string, unknown> = new Map(),
): Promise<RoundTrips> {
  const broker = createMemoryBroker();
  const guessless: string[] = [];
  let travelled = 0;
  for (const channel of file.channels.filter(({ onBroker }) => onBroker)) {
    const name = pascalCase(channel.id) || "Channel";
    const pick = (prefix: string): unknown => module[`${prefix}${name}`] ?? module[`${prefix}${name}$`];
    const info = infoOf(module, channel);
    // sound: the emitted functions of a channel, whose exact types are checked where they are compiled
    const [publish, consume] = [pick("publish") as Publish, pick("consume") as Consume];
    const params = Object.fromEntries(channel.parameters.map(({ name: key, values }) => [key, values[0] ?? "p1"]));
    const hasParams = channel.parameters.length > 0 && channel.address !== undefined;
    const at = channel.address === undefined ? { address: `at.${travelled}` } : {};
    const seen: { readonly message: unknown; readonly delivery: Delivery<unknown, object, object> }[] = [];
    let arrived = (): void => {};
    const operation = info.operations?.[0]?.id;
    const consumer = await consume(
      broker,
      async (message, delivery) => {
        seen.push({ message, delivery });
        arrived();
      },
      { ...at, ...(operation === undefined ? {} : { operation }), group: "round-trips", retry: false },
    );
    for (const [i, message] of channel.messages.entries()) {
      const given = byHand.get(`${channel.id}/${message.id}`);
      const value = valueOf(file, channel, message, info, { i, given });
      if (value === undefined) {
        guessless.push(`${channel.id}/${message.id}`);
        continue;
      }
      const headers = headersOf(file, message);
      const skipped = isSkipped(info, operation, message);
      const delivered = new Promise<void>((resolve) => (arrived = resolve));
      await publish(broker, ...(hasParams ? [params] : []), value, { ...at, ...(headers && { headers }) });
      travelled++;
      if (skipped) continue;
      await delivered;
      const last = seen.at(-1);
      const expected = info.message.create(value);
      if (!isDeepStrictEqual(last?.message, expected)) {
        throw new Error(
          `${channel.id}/${message.id}: ${JSON.stringify(last?.message)} for ${JSON.stringify(expected)}`,
        );
      }
      const found = hasParams ? { ...last?.delivery.params } : params;
      if (!isDeepStrictEqual(found, params)) throw new Error(`${channel.id}: parameters ${JSON.stringify(found)}`);
    }
    await consumer.drain(1_000);
  }
  await broker.close();
  return { travelled, guessless };
}

function infoOf(module: Record<string, unknown>, { id }: Channel): ChannelInfo<unknown, unknown> {
  const found = Object.values(module).find(
    (value): value is ChannelInfo<unknown, unknown> =>
      typeof value === "object" && value !== null && "consumer" in value && "id" in value && value.id === id,
  );
  if (found === undefined) throw new Error(`the module has no channel ${id}`);
  return found;
}

/** An operation that takes some of the channel's messages lets the others pass. */
function isSkipped(info: ChannelInfo<unknown, unknown>, operation: string | undefined, message: EventMessage): boolean {
  const settings = info.operations?.find(({ id }) => id === operation) ?? info.consumer;
  return (
    settings.messages !== undefined && ![message.id, message.name].some((name) => settings.messages?.includes(name))
  );
}

function valueOf(
  file: EventsFile,
  channel: Channel,
  message: EventMessage,
  info: ChannelInfo<unknown, unknown>,
  { i, given }: { readonly i: number; readonly given: unknown },
): unknown {
  const plan = planEvents(file);
  const payload = plan.payloadOf(message);
  const made: readonly unknown[] =
    payload.kind === "bytes"
      ? [new Uint8Array([1, 2, 3])]
      : payload.kind === "proto"
        ? [{}]
        : [
            ...(given === undefined ? [] : [given]),
            ...message.examples,
            sampleOf(plan.resolve(payload.key), (key) => plan.resolve(key)),
          ];
  const members = "members" in info.message ? (info.message.members as readonly { case: string }[]) : undefined;
  const type: PayloadType<unknown, unknown> = info.message;
  return made
    .map((value) => (channel.messages.length > 1 && members !== undefined ? { case: members[i]?.case, value } : value))
    .find((value) => fits(type, value));
}

function fits(type: PayloadType<unknown, unknown>, value: unknown): boolean {
  try {
    type.create(value);
    type.encode(value);
    return true;
  } catch (error) {
    if (isQueueError(error, "invalid")) return false;
    throw error;
  }
}

function headersOf(file: EventsFile, message: EventMessage): Readonly<Record<string, JsonValue>> | undefined {
  const plan = planEvents(file);
  const key = plan.headersOf(message);
  if (key === undefined) return undefined;
  // sound: headers are an object
  return sampleOf(plan.resolve(key), (inner) => plan.resolve(inner)) as Readonly<Record<string, JsonValue>>;
}
