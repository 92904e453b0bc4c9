import type {
  Bindings,
  Channel,
  ConsumerPolicy,
  EventMessage,
  EventsFile,
  JsonValue,
  Operation,
} from "../../model/index.js";
import { jsonLiteral, list, numberLiteral, object, text, type Literal } from "../shared/schema-literal.js";

/** The operations that receive from a channel. */
export function receiversOf(file: EventsFile, channel: Channel): readonly Operation[] {
  return file.operations.filter((operation) => operation.action === "receive" && operation.channel === channel.id);
}

/** True when the address is one queue: the binding says so, or dead letters are kept there. */
export function isQueueChannel(file: EventsFile, channel: Channel): boolean {
  if (recordOf(channel.bindings.get("amqp"))["is"] === "queue") return true;
  const policies = [...file.channels, ...file.operations].map(({ policy }) => policy);
  return channel.address !== undefined && policies.some(({ deadLetter }) => deadLetter?.address === channel.address);
}

/** The settings of a channel's consumers, as data: of its only receive operation, else what the channel says. */
export function consumerLiteral(file: EventsFile, channel: Channel, names: MessageNames): Literal {
  const [only, ...more] = receiversOf(file, channel);
  if (only === undefined || more.length > 0) {
    return settingsLiteral(channel.policy, queueOf(channel) ?? channel.policy.group, undefined);
  }
  return operationLiteral(channel, only, names);
}

/** The settings of each of several receive operations. */
export function operationsLiteral(file: EventsFile, channel: Channel, names: MessageNames): Literal | undefined {
  const receivers = receiversOf(file, channel);
  if (receivers.length < 2) return undefined;
  return list(
    receivers.map((operation) => {
      const literal = operationLiteral(channel, operation, names);
      const entries = literal.kind === "object" ? literal.entries : [];
      return object([["id", jsonLiteral(operation.id)], ...entries]);
    }),
  );
}

/** The name of a message on the wire. */
export type MessageNames = (message: EventMessage) => string;

function operationLiteral(channel: Channel, operation: Operation, names: MessageNames): Literal {
  const { bindings, policy } = operation;
  const handled = channel.messages.filter(({ id }) => operation.messages.includes(id));
  const some = handled.length > 0 && handled.length < channel.messages.length;
  const messages = some ? handled.map(names) : undefined;
  const settings = settingsLiteral(policy, policy.group ?? operation.id, messages);
  if (bindings.size === 0 || settings.kind !== "object") return settings;
  return object([...settings.entries, ["bindings", bindingsLiteral(bindings)]]);
}

/** Binding objects by protocol. */
export function bindingsLiteral(bindings: Bindings): Literal {
  return object([...bindings].map(([protocol, value]) => [protocol, jsonLiteral(value)]));
}

/** What publishers and topology need to know of a protocol: the channel's bindings with those of who sends to it. */
export function channelBindings(file: EventsFile, channel: Channel): Bindings {
  const merged = new Map<string, JsonValue>();
  const senders = file.operations.filter(({ action, channel: id }) => action === "send" && id === channel.id);
  const messages = channel.messages.length === 1 ? channel.messages : [];
  for (const { bindings } of [...messages, ...senders.toReversed(), channel]) {
    for (const [protocol, value] of bindings) {
      const before = recordOf(merged.get(protocol));
      const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
      merged.set(protocol, isObject ? { ...before, ...recordOf(value) } : value);
    }
  }
  return merged;
}

/** The expression of the key of deduplication: the channel's, or that of who receives from it. */
export function idempotencyKeyOf(file: EventsFile, channel: Channel): string | undefined {
  const [first] = receiversOf(file, channel);
  const pointer = first?.policy.idempotencyKey ?? channel.policy.idempotencyKey;
  return pointer === undefined ? undefined : `$message.payload#${pointer}`;
}

/** The queue that AMQP's binding names. What operations say of groups is in their policies. */
function queueOf(channel: Channel): string | undefined {
  const queue = recordOf(recordOf(channel.bindings.get("amqp"))["queue"])["name"];
  return typeof queue === "string" && queue !== "" ? queue : undefined;
}

function settingsLiteral(
  policy: ConsumerPolicy,
  group: string | undefined,
  messages: readonly string[] | undefined,
): Literal {
  const { concurrency, buffer, order, timeoutMs, retry, deadLetter, batch } = policy;
  return object([
    ["group", group === undefined ? undefined : jsonLiteral(group)],
    ["concurrency", number(concurrency)],
    ["buffer", number(buffer)],
    ["order", order === undefined ? undefined : jsonLiteral(order)],
    ["timeoutMs", number(timeoutMs)],
    [
      "retry",
      retry &&
        object([
          ["maxAttempts", number(retry.maxAttempts)],
          ["quick", number(retry.quick)],
          ["delaysMs", list(retry.delaysMs.map((delay) => text(numberLiteral(delay))))],
        ]),
    ],
    ["deadLetter", deadLetter && (deadLetter.address === undefined ? text("true") : jsonLiteral(deadLetter.address))],
    ["messages", messages && list(messages.map(jsonLiteral))],
    [
      "batch",
      batch &&
        object([
          ["size", number(batch.size)],
          ["bytes", number(batch.bytes)],
          ["lingerMs", number(batch.lingerMs)],
        ]),
    ],
  ]);
}

function number(value: number | undefined): Literal | undefined {
  return value === undefined ? undefined : text(numberLiteral(value));
}

function recordOf(value: JsonValue | undefined): Readonly<Record<string, JsonValue>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? // sound: an object that is no array
      (value as Readonly<Record<string, JsonValue>>)
    : {};
}
