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
  if (only === undefined || more.length > 0)
    return settingsLiteral(channel.policy, boundGroup(channel, undefined), undefined);
  return operationLiteral(file, channel, only, names);
}

/** The settings of each of several receive operations. */
export function operationsLiteral(file: EventsFile, channel: Channel, names: MessageNames): Literal | undefined {
  const receivers = receiversOf(file, channel);
  if (receivers.length < 2) return undefined;
  return list(
    receivers.map((operation) => {
      const literal = operationLiteral(file, channel, operation, names);
      const entries = literal.kind === "object" ? literal.entries : [];
      return object([["id", jsonLiteral(operation.id)], ...entries]);
    }),
  );
}

/** The name of a message on the wire. */
export type MessageNames = (message: EventMessage) => string;

function operationLiteral(file: EventsFile, channel: Channel, operation: Operation, names: MessageNames): Literal {
  // a queue that the channel names can be that of one operation only
  const alone = receiversOf(file, channel).length === 1;
  const bound = alone ? boundGroup(channel, operation) : boundGroup(undefined, operation);
  const { bindings, policy } = operation;
  const handled = channel.messages.filter(({ id }) => operation.messages.includes(id));
  const some = handled.length > 0 && handled.length < channel.messages.length;
  const messages = some ? handled.map(names) : undefined;
  const settings = settingsLiteral(policy, bound ?? policy.group ?? operation.id, messages);
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

/** The group that bindings name: a queue in AMQP, a group id in Kafka. */
function boundGroup(channel: Channel | undefined, operation: Operation | undefined): string | undefined {
  const queue = recordOf(recordOf(channel?.bindings.get("amqp"))["queue"])["name"];
  if (typeof queue === "string" && queue !== "") return queue;
  const groupId = recordOf(recordOf(operation?.bindings.get("kafka"))["groupId"]);
  const { const: constant, enum: values } = groupId;
  const only = Array.isArray(values) && values.length === 1 ? (values as readonly JsonValue[])[0] : constant;
  return typeof only === "string" && only !== "" ? only : undefined;
}

/** How long the first message of a batch waits where the contract does not say. */
const defaultLingerMs = 100;

function settingsLiteral(
  policy: ConsumerPolicy,
  group: string | undefined,
  messages: readonly string[] | undefined,
): Literal {
  const { concurrency, buffer, order, timeoutMs, retry, deadLetter, batch } = policy;
  const named = group ?? policy.group;
  return object([
    ["group", named === undefined ? undefined : jsonLiteral(named)],
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
          ["lingerMs", number(batch.lingerMs ?? defaultLingerMs)],
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
