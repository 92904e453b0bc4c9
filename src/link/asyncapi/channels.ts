import type { Channel, Operation } from "../../model/index.js";
import { groupOfBindings, readBindings } from "./bindings.js";
import type { Context } from "./context.js";
import type { Messages } from "./messages.js";
import { readParameters } from "./parameters.js";
import { child, children, type Place, placeKey } from "./place.js";
import { completePolicy, mergePolicies, noPolicyPart, type PolicyPart, readPolicy } from "./policy.js";
import { booleanOf } from "./schema-parts.js";
import { readSecurity } from "./security.js";
import type { LinkedServer } from "./servers.js";

/** What both versions of AsyncAPI are turned into before they meet. */
export interface LinkedDocument {
  readonly channels: readonly LinkedChannel[];
  readonly operations: readonly LinkedOperation[];
}

/** A channel with what its checks and operations need. */
export interface LinkedChannel {
  readonly channel: Channel;
  /** `$ref`s followed. */
  readonly place: Place;
  /** Every place that means it: where it is written and where that leads to. */
  readonly keys: ReadonlySet<string>;
  /** For each message of the channel the places that mean it. */
  readonly messageKeys: ReadonlyMap<string, ReadonlySet<string>>;
  readonly policy: PolicyPart;
  /** The servers it is on. */
  readonly servers: readonly LinkedServer[];
}

/** An operation with what its checks need. */
export interface LinkedOperation {
  readonly operation: Operation;
  readonly channel: LinkedChannel;
  readonly place: Place;
  readonly policy: PolicyPart;
}

/** What the readers of both versions are given. */
export interface ReaderInput {
  readonly context: Context;
  readonly root: Place;
  readonly messages: Messages;
  readonly servers: readonly LinkedServer[];
  /** What the document says for all of its channels. */
  readonly policy: PolicyPart;
}

export interface ChannelInput {
  readonly id: string;
  readonly written: Place;
  readonly place: Place;
  readonly origin: Channel["origin"];
  readonly address: string | undefined;
  readonly messages: readonly { readonly message: Channel["messages"][number]; readonly keys: ReadonlySet<string> }[];
}

/** The part of a channel that both versions share. */
export function buildChannel(reader: ReaderInput, input: ChannelInput): LinkedChannel {
  const { context } = reader;
  const { id, written, place, origin, address, messages } = input;
  const servers = serversOf(reader, place);
  const policy = mergePolicies([reader.policy, readPolicy(context, place, deadLetterAddress(context), "channel")]);
  return {
    channel: {
      id,
      address,
      title: context.text(place, "title"),
      description: context.text(place, "description") || context.text(place, "summary"),
      parameters: readParameters(context, place, address),
      messages: messages.map(({ message }) => message),
      tags: readTags(context, place),
      bindings: channelBindings(context, place, servers),
      policy: completePolicy(policy),
      deprecated: isDeprecated(place),
      origin,
    },
    place,
    keys: keysOf(context, written),
    messageKeys: new Map(messages.map(({ message, keys }) => [message.id, keys])),
    policy,
    servers,
  };
}

/** What a server asks for by wirespan's own key holds for its channels, where adapters look for it. */
function channelBindings(context: Context, place: Place, servers: readonly LinkedServer[]): Channel["bindings"] {
  const bindings = readBindings(context, place, "channel");
  if (bindings.has("x-nats") || servers.every(({ broker }) => broker?.id !== "nats-core")) return bindings;
  return new Map([...bindings, ["x-nats", { core: true }]]);
}

/** The group that bindings name, as a policy above all others of the contract. */
export function boundGroup(channel: LinkedChannel, operation: Operation["bindings"], place: Place): PolicyPart {
  const [inQueue, inOperation] = [
    groupOfBindings(channel.channel.bindings, new Map()),
    groupOfBindings(new Map(), operation),
  ];
  const group = inQueue ?? inOperation;
  if (group === undefined) return noPolicyPart;
  const at = child(inQueue === undefined ? place : channel.place, "bindings")?.node.origin ?? place.node.origin;
  return { ...noPolicyPart, group, sources: new Map([["group", { level: "binding", origin: at }]]) };
}

/** Neither version has a word for it, so `deprecated` stands for what authors write all the same. */
export function isDeprecated(place: Place): boolean {
  return booleanOf(place.node, "x-deprecated") === true || booleanOf(place.node, "deprecated") === true;
}

/** Names of the tags of an object. */
export function readTags(context: Context, place: Place): readonly string[] {
  return children(context.field(place, "tags")).flatMap((written) => {
    const name = context.text(context.refs.follow(written), "name");
    return name === "" ? [] : [name];
  });
}

/** Every place on the way of a reference. */
export function keysOf(context: Context, written: Place): ReadonlySet<string> {
  return new Set(context.refs.chain(written).places.map(placeKey));
}

/** 3.x refers to servers, 2.x names them; a channel that does neither is on all of them. */
function serversOf({ context, servers }: ReaderInput, place: Place): readonly LinkedServer[] {
  const listed = children(context.field(place, "servers"));
  if (listed.length === 0) return servers;
  return servers.filter(({ server, place: at }) =>
    listed.some(({ node, ...item }) => {
      if (node.kind === "scalar") return node.value === server.id;
      const { places } = context.refs.chain({ ...item, node });
      return places.some((step) => placeKey(step) === placeKey(at) || isServer(step, server.id));
    }),
  );
}

function isServer({ path }: Place, id: string): boolean {
  return path.length === 2 && path[0] === "servers" && path[1] === id;
}

/** The address behind the `channel` of a dead letter; what cannot be one is reported. */
export function deadLetterAddress(context: Context): (channel: Place) => string | undefined {
  return (channel) => {
    const target = context.refs.follow(channel);
    if (target === undefined) return undefined;
    const name = target.path.at(-1) ?? "";
    const unusable = (reason: string): undefined => {
      context.fault("E3023", channel.node.origin, { channel: name, reason });
    };
    if (target.path.at(-2) !== "channels") return unusable("it is not a channel");
    const address = context.major === 2 ? name : context.text(target, "address") || undefined;
    if (address === undefined) return unusable("its address is known at run time only");
    if (address.includes("{")) return unusable("its address has parameters");
    return address;
  };
}

/** The fields of an operation that both versions share. */
export function operationTexts(
  context: Context,
  place: Place,
): Pick<Operation, "title" | "summary" | "description" | "tags" | "deprecated" | "security" | "bindings"> {
  return {
    title: context.text(place, "title"),
    summary: context.text(place, "summary"),
    description: context.text(place, "description"),
    tags: readTags(context, place),
    deprecated: isDeprecated(place),
    security: readSecurity(context, place),
    bindings: readBindings(context, place, "operation"),
  };
}

/** The places that may have `bindings`, in document order, for documents whose servers name no protocol. */
export function placesWithBindings(context: Context, { channels, operations }: LinkedDocument): readonly Place[] {
  return [
    ...channels.flatMap(({ place }) => [
      place,
      ...children(context.field(place, "messages")).flatMap((message) => context.refs.follow(message) ?? []),
    ]),
    ...operations.flatMap(({ place }) => [
      place,
      ...[child(place, "message")].flatMap((one) => (one ? (context.refs.follow(one) ?? []) : [])),
    ]),
  ];
}
