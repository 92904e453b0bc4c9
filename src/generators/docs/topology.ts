import type { Channel, EventsFile, Operation, Service } from "../../model/index.js";
import { channelKey, type DocsContext } from "./context.js";
import { count } from "./format.js";

/** Who calls, publishes and consumes, as far as the contracts say. */
export interface Topology {
  readonly nodes: readonly TopologyNode[];
  readonly edges: readonly TopologyEdge[];
}

export interface TopologyNode {
  readonly id: string;
  readonly kind: "gateway" | "service" | "application" | "channel" | "consumer";
  readonly title: string;
  readonly detail: string;
  /** Id of the element of the page that tells more; undefined: none. */
  readonly anchor: string | undefined;
}

export interface TopologyEdge {
  readonly from: string;
  readonly to: string;
  /** Concluded from where types are declared, not written in a contract. */
  readonly inferred: boolean;
}

/** Larger pictures are slow to lay out and nobody can read them. */
const mostNodes = 150;
const mostEdges = 400;

/**
 * Gateway → services → channels → consumers. AsyncAPI does not say which service publishes: a channel whose payload
 * is a proto message is drawn from the services of the file (else the package) that declares it, marked as inferred;
 * any other from its document. Undefined where there is nothing to connect, or too much to draw.
 */
export function topologyOf(context: DocsContext): Topology | undefined {
  const nodes = new Map<string, TopologyNode>();
  const edges = new Map<string, TopologyEdge>();
  const add = (node: TopologyNode): void => void (nodes.has(node.id) || nodes.set(node.id, node));
  const connect = (from: string, to: string, inferred: boolean): void => {
    edges.set(`${from}\n${to}`, { from, to, inferred });
  };

  const routed = context.services.filter((service) => service.methods.some((method) => method.routes.length > 0));
  if (routed.length > 0) {
    const routes = routed.flatMap((service) => service.methods.flatMap((method) => method.routes));
    add({
      id: "gateway",
      kind: "gateway",
      title: "REST gateway",
      detail: count(routes.length, "route"),
      anchor: "rest",
    });
  }
  for (const service of context.services) {
    add(serviceNode(context, service));
    if (routed.includes(service)) connect("gateway", serviceId(service), false);
  }
  for (const file of context.events) {
    const channels = new Map(file.channels.map((channel) => [channel.id, channel]));
    const filled = new Set(file.operations.flatMap((operation) => filledBy(file, operation)));
    for (const channel of file.channels) {
      add(channelNode(context, file, channel));
      if (filled.has(channel)) continue;
      const all = channel.messages.map(({ id }) => id);
      for (const service of publishers(context, channel, all)) {
        connect(serviceId(service), channelKey(file, channel.id), true);
      }
    }
    for (const operation of file.operations) {
      const channel = channels.get(operation.channel);
      if (channel === undefined) continue;
      const target = channelKey(file, channel.id);
      if (operation.action === "send") {
        const services = publishers(context, channel, operation.messages);
        const application = `application:${file.path}`;
        const senders = services.length > 0 ? services.map(serviceId) : [application];
        if (services.length === 0) {
          const title = file.title || file.path;
          add({ id: application, kind: "application", title, detail: "application", anchor: undefined });
        }
        const replies = operation.reply?.channel;
        for (const sender of senders) {
          connect(sender, target, services.length > 0);
          if (replies !== undefined) connect(channelKey(file, replies), sender, services.length > 0);
        }
      } else {
        const node = consumerNode(context, file, channel, operation);
        add(node);
        connect(target, node.id, false);
        for (const { id } of filledBy(file, operation)) connect(node.id, channelKey(file, id), false);
      }
    }
  }

  if (edges.size === 0 || nodes.size > mostNodes || edges.size > mostEdges) return undefined;
  return { nodes: [...nodes.values()], edges: [...edges.values()] };
}

/** The channels that an operation puts messages into: what it sends to; its replies and its dead letters. */
function filledBy(file: EventsFile, { action, channel, reply, policy }: Operation): readonly Channel[] {
  const { deadLetter } = policy;
  return file.channels.filter(({ id, address }) => {
    if (action === "send") return id === channel;
    return id === reply?.channel || (address !== undefined && address === deadLetter?.address);
  });
}

function serviceId(service: Service): string {
  return `service:${service.typeName}`;
}

function serviceNode(context: DocsContext, service: Service): TopologyNode {
  return {
    id: serviceId(service),
    kind: "service",
    title: service.name,
    detail: count(service.methods.length, "method"),
    anchor: context.anchors.find(serviceId(service)),
  };
}

function channelNode(context: DocsContext, file: EventsFile, channel: Channel): TopologyNode {
  const key = channelKey(file, channel.id);
  return {
    id: key,
    kind: "channel",
    title: channel.id,
    detail: file.protocols[0] ?? "channel",
    anchor: context.anchors.find(key),
  };
}

function consumerNode(context: DocsContext, file: EventsFile, channel: Channel, operation: Operation): TopologyNode {
  const { retry, deadLetter, group = "consumer" } = operation.policy;
  const notes = [
    ...(retry === undefined ? [] : [count(retry.maxAttempts, "attempt")]),
    ...(deadLetter === undefined ? [] : ["dead letter"]),
  ];
  return {
    id: `consumer:${file.path}#${operation.id}`,
    kind: "consumer",
    title: operation.id,
    detail: notes.length === 0 ? group : notes.join(", "),
    anchor: context.anchors.find(channelKey(file, channel.id)),
  };
}

/** The services next to the declaration of what the operation sends. */
function publishers(context: DocsContext, channel: Channel, messages: readonly string[]): readonly Service[] {
  const found = new Set<Service>();
  for (const message of channel.messages) {
    if (message.payload.kind !== "proto" || !messages.includes(message.id)) continue;
    const file = context.model.messages.get(message.payload.typeName)?.file ?? "";
    const same = context.services.filter((service) => service.file === file);
    const home = context.model.files.get(file)?.package;
    const near = context.services.filter((service) => context.model.files.get(service.file)?.package === home);
    for (const service of same.length > 0 ? same : near) found.add(service);
  }
  return [...found];
}
