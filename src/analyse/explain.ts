import {
  emittedFiles,
  type Channel,
  type EventMessage,
  type EventsFile,
  type Model,
  type Operation,
} from "../model/index.js";
import { nearest } from "../diagnostics/index.js";
import { explainMethod } from "./explain-method.js";
import { bindingFacts, messageFacts } from "./explain-message.js";
import type { Explanation, Fact } from "./explanation.js";
import { consumerFacts, operationFacts, receiverFacts } from "./explain-consumer.js";

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
  const description = channel.description.trim();
  const facts: Fact[] = [...channelFacts(file, channel, channel.messages)];
  const operations = file.operations.filter((operation) => operation.channel === channel.id);
  for (const operation of operations) {
    facts.push({ label: operation.action, value: operationText(operation), origin: operation.origin });
    facts.push(...operationFacts(operation, `${operation.id}: `));
  }
  // over WebSocket alone there are no groups, and nothing is tried again
  if (!channel.onBroker) return { kind: "channel", name: channel.id, description, origin, facts };
  const receiving = operations.filter((operation) => operation.action === "receive");
  if (receiving.length === 0) {
    facts.push(...consumerFacts(channel.policy, { group: channel.id, origin: undefined }));
  }
  for (const operation of receiving) {
    facts.push(...receiverFacts(operation, receiving.length > 1 ? `${operation.id}: ` : ""));
  }
  return { kind: "channel", name: channel.id, description, origin, facts };
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
  facts.push(...operationFacts(operation, ""));
  if (action === "receive" && channel.onBroker) facts.push(...receiverFacts(operation, ""));
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
      const location = parameter.location === undefined ? "" : `, found at ${parameter.location}`;
      return {
        label: `parameter ${parameter.name}`,
        value: `${values}${fallback}${location}`,
        origin: parameter.origin,
      };
    }),
    ...messageFacts(file, messages),
    ...bindingFacts(channel.bindings, origin),
    ...socketFacts(channel),
  ];
  if (channel.deprecated) facts.push({ label: "deprecated", value: "yes", origin });
  if (file.modelsOnly)
    facts.push({ label: "emitted", value: "payload types only: no broker of ours", origin: undefined });
  return facts;
}

function socketFacts({ socket, origin }: Channel): readonly Fact[] {
  if (socket === undefined) return [];
  const envelope = socket.envelope ? "in an envelope with name and headers" : "as they are";
  const value = `the document is the ${socket.side}'s, messages travel ${envelope}`;
  return [{ label: "websocket", value, origin }];
}

function operationText(operation: Operation): string {
  const reply = replyText(operation);
  return reply === undefined ? operation.id : `${operation.id}, replies to ${reply}`;
}

function replyText({ reply }: Operation): string | undefined {
  return reply && (reply.channel ?? reply.address ?? "the address in the request");
}
