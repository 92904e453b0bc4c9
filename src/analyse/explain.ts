import {
  emittedFiles,
  type Channel,
  type ConsumerPolicy,
  type EventMessage,
  type EventsFile,
  type Model,
  type Operation,
  type Origin,
} from "../model/index.js";
import { nearest } from "../diagnostics/index.js";
import { explainMethod } from "./explain-method.js";
import type { Explanation, Fact } from "./explanation.js";
import { durationText as ms } from "./texts.js";

/** The answer to a question about a name. */
export interface Explained {
  readonly found: readonly Explanation[];
  /** The closest name there is, where nothing was found. */
  readonly nearest: string | undefined;
}

/**
 * Explains a method (`UserService.GetUser`, `acme.v1.UserService.GetUser`, `/acme.v1.UserService/GetUser`), a service
 * (all of its methods), a channel (id or address) or an operation (id).
 */
export function explainName(model: Model, query: string): Explained {
  const name = query.replace(/^\//, "").replaceAll("/", ".");
  const services = [...model.services.values()];
  const methods = services.flatMap((service) => service.methods.map((method) => ({ service, method })));
  const channels = model.events.flatMap((file) => file.channels.map((channel) => ({ file, channel })));
  const operations = model.events.flatMap((file) =>
    file.operations.flatMap((operation) => {
      const channel = file.channels.find(({ id }) => id === operation.channel);
      return channel === undefined ? [] : [{ file, channel, operation }];
    }),
  );

  const found = [
    ...methods
      .filter(({ service, method }) => isNamed(method.typeName, name) || isNamed(service.typeName, name))
      .map(({ service, method }) => explainMethod(service, method, model)),
    ...channels
      .filter(({ channel }) => channel.id === query || channel.address === query)
      .map(({ file, channel }) => explainChannel(file, channel)),
    ...operations
      .filter(({ operation }) => operation.id === query)
      .map(({ file, channel, operation }) => explainOperation(file, channel, operation)),
  ];
  if (found.length > 0) return { found, nearest: undefined };

  const emitted = new Set(emittedFiles(model).map((file) => file.path));
  const known = [
    ...methods
      .filter(({ service }) => emitted.has(service.file))
      .flatMap(({ service, method }) => [`${service.name}.${method.name}`, method.typeName, method.name]),
    ...services.filter((service) => emitted.has(service.file)).map((service) => service.name),
    ...channels.flatMap(({ channel }) => [channel.id, ...(channel.address === undefined ? [] : [channel.address])]),
    ...operations.map(({ operation }) => operation.id),
  ];
  return { found, nearest: nearest(query, known) };
}

/** A full name, or the end of one at a dot. */
function isNamed(typeName: string, name: string): boolean {
  return typeName === name || typeName.endsWith(`.${name}`);
}

function explainChannel(file: EventsFile, channel: Channel): Explanation {
  const { origin } = channel;
  const facts: Fact[] = [...channelFacts(file, channel, channel.messages)];
  const operations = file.operations.filter((operation) => operation.channel === channel.id);
  for (const operation of operations) {
    facts.push({ label: operation.action, value: operationText(operation), origin: operation.origin });
  }
  const receiving = operations.filter((operation) => operation.action === "receive");
  if (receiving.length === 0) {
    facts.push(...consumerFacts(channel.policy, channel.policy, { group: channel.id, groupOrigin: undefined }));
  }
  for (const operation of receiving) {
    facts.push(...receiverFacts(channel, operation, receiving.length > 1 ? `${operation.id}: ` : ""));
  }
  return { kind: "channel", name: channel.id, description: channel.description.trim(), origin, facts };
}

function explainOperation(file: EventsFile, channel: Channel, operation: Operation): Explanation {
  const { id, action, origin } = operation;
  const messages = channel.messages.filter((message) => operation.messages.includes(message.id));
  const facts: Fact[] = [
    { label: action, value: `channel ${channel.id}`, origin },
    ...channelFacts(file, channel, messages.length === 0 ? channel.messages : messages),
  ];
  const reply = replyText(operation);
  if (reply !== undefined) facts.push({ label: "reply", value: reply, origin });
  if (action === "receive") facts.push(...receiverFacts(channel, operation, ""));
  const description = (operation.description || operation.summary).trim();
  return { kind: "operation", name: id, description, origin, facts };
}

/** What holds whoever sends or receives. */
function channelFacts(file: EventsFile, channel: Channel, messages: readonly EventMessage[]): readonly Fact[] {
  const { origin, parameters } = channel;
  const facts: Fact[] = [
    { label: "address", value: channel.address ?? "known at run time only", origin },
    {
      label: "protocol",
      value: file.protocols.length === 0 ? "none named" : file.protocols.join(", "),
      origin: file.protocols.length === 0 ? undefined : (file.servers[0]?.origin ?? file.origin),
    },
    ...parameters.map((parameter): Fact => {
      const values = parameter.values.length === 0 ? "any text" : parameter.values.join(", ");
      const fallback = parameter.default === undefined ? "" : ` (default ${parameter.default})`;
      return { label: `parameter ${parameter.name}`, value: `${values}${fallback}`, origin: parameter.origin };
    }),
    ...messages.map((message): Fact => ({
      label: "message",
      value: messageText(message),
      origin: message.origin,
    })),
    ...messages
      .filter((message) => message.key !== undefined)
      .map((message): Fact => ({ label: "key", value: message.key ?? "", origin: message.origin })),
    ...[...channel.bindings].map(([protocol, binding]): Fact => ({
      label: `${protocol} binding`,
      value: JSON.stringify(binding),
      origin,
    })),
  ];
  if (channel.deprecated) facts.push({ label: "deprecated", value: "yes", origin });
  if (file.modelsOnly)
    facts.push({ label: "emitted", value: "payload types only: no broker of ours", origin: undefined });
  return facts;
}

function messageText({ name, contentType, payload }: EventMessage): string {
  switch (payload.kind) {
    case "proto":
      return `${name}: proto message ${payload.typeName} as ${contentType}`;
    case "schema":
      return `${name}: JSON Schema as ${contentType}`;
    case "opaque":
      return `${name}: bytes${payload.format === "" ? "" : ` (${payload.format})`} as ${contentType}`;
  }
}

function operationText(operation: Operation): string {
  const reply = replyText(operation);
  return reply === undefined ? operation.id : `${operation.id}, replies to ${reply}`;
}

function replyText({ reply }: Operation): string | undefined {
  return reply && (reply.channel ?? reply.address ?? "the address in the request");
}

/** Settings of one receive operation; its consumers are the group of its name where none is given. */
function receiverFacts(channel: Channel, { id, policy, origin }: Operation, prefix: string): readonly Fact[] {
  return consumerFacts(policy, channel.policy, { group: id, groupOrigin: origin }, prefix);
}

/** Consumer settings of an operation over those of its channel, field by field; silence gives the runtime's default. */
function consumerFacts(
  own: ConsumerPolicy,
  channel: ConsumerPolicy,
  silent: { readonly group: string; readonly groupOrigin: Origin | undefined },
  prefix = "",
): readonly Fact[] {
  const fact = <K extends keyof ConsumerPolicy>(
    label: string,
    key: K,
    show: (value: NonNullable<ConsumerPolicy[K]>) => string,
    fallback: string,
    fallbackOrigin?: Origin,
  ): Fact => {
    const value = own[key] ?? channel[key];
    if (value == null) return { label: `${prefix}${label}`, value: fallback, origin: fallbackOrigin };
    // an operation's policy may already hold what it inherits: the same value came from the channel
    const inherited = own[key] === undefined || JSON.stringify(own[key]) === JSON.stringify(channel[key]);
    const origin = inherited ? (channel.origin ?? own.origin) : own.origin;
    return { label: `${prefix}${label}`, value: show(value), origin };
  };
  const text = (value: string | number): string => String(value);
  // what `runtime/queue/settings.ts` takes where contract and program are silent
  return [
    fact("group", "group", text, silent.group, silent.groupOrigin),
    fact("concurrency", "concurrency", text, "1"),
    fact("buffer", "buffer", text, "16, or the concurrency where that is more"),
    fact("batch", "batch", batchText, "none"),
    fact("order", "order", text, "none"),
    fact("timeout", "timeoutMs", ms, "none"),
    fact("retry", "retry", queueRetryText, queueRetryText({ maxAttempts: 3, quick: 2, delaysMs: [1_000] })),
    fact("dead letter", "deadLetter", ({ address }) => address ?? "the broker's default address", "none"),
    fact("idempotency key", "idempotencyKey", text, "the message's id"),
    fact("expires", "expiresMs", (value) => `after ${ms(value)}`, "never"),
  ];
}

function batchText({ size, bytes, lingerMs }: NonNullable<ConsumerPolicy["batch"]>): string {
  const limits = [`${size} messages`];
  if (bytes !== undefined) limits.push(`${bytes} bytes`);
  if (lingerMs !== undefined) limits.push(ms(lingerMs));
  return `at ${limits.join(" or ")}`;
}

function queueRetryText({ maxAttempts, quick, delaysMs }: NonNullable<ConsumerPolicy["retry"]>): string {
  const quickly = quick > 0 ? `, ${quick} of them in the process` : "";
  const delays = delaysMs.length === 0 ? "" : `, then after ${delaysMs.map(ms).join(", ")}`;
  return `up to ${maxAttempts} attempts${quickly}${delays}`;
}
