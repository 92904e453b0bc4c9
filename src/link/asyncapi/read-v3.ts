import { nearest } from "../../diagnostics/index.js";
import type { Operation, OperationReply } from "../../model/index.js";
import { stringOf } from "../../model/index.js";
import {
  boundGroup,
  buildChannel,
  deadLetterAddress,
  keysOf,
  type LinkedChannel,
  type LinkedDocument,
  type LinkedOperation,
  operationTexts,
  type ReaderInput,
} from "./channels.js";
import { messageName } from "./messages.js";
import { type Child, child, children, type Place, placeKey } from "./place.js";
import { completePolicy, mergePolicies, readPolicy } from "./policy.js";
import { applyTraits } from "./traits.js";

/** Reads channels and operations of AsyncAPI 3.x, where actions are the application's already. */
export function readV3(reader: ReaderInput): LinkedDocument {
  const { context, root } = reader;
  const channels = children(context.field(root, "channels")).flatMap((written) => readChannel(reader, written) ?? []);
  const operations = children(context.field(root, "operations")).flatMap(
    (written) => readOperation(reader, channels, written) ?? [],
  );
  return { channels, operations };
}

function readChannel(reader: ReaderInput, written: Child): LinkedChannel | undefined {
  const { context, messages } = reader;
  const place = context.refs.follow(written);
  if (place?.node.kind !== "object") return undefined;
  const listed = children(context.field(place, "messages")).flatMap((message) => {
    const target = context.refs.follow(message);
    if (target?.node.kind !== "object") return [];
    const read = messages.read(target, message.key, messageName(target, message.key));
    return { message: { ...read, origin: message.origin }, keys: keysOf(context, message) };
  });
  const address = stringOf(context.field(place, "address")?.node);
  return buildChannel(reader, { id: written.key, written, place, origin: written.origin, address, messages: listed });
}

function readOperation(
  reader: ReaderInput,
  channels: readonly LinkedChannel[],
  written: Child,
): LinkedOperation | undefined {
  const { context } = reader;
  const target = context.refs.follow(written);
  if (target?.node.kind !== "object") return undefined;
  const place = applyTraits(context, target);
  const id = written.key;

  const action = context.field(place, "action");
  const said = stringOf(action?.node);
  if (action === undefined) context.fault("E3012", written.origin, { what: `\`action\` of operation ${id}` });
  else if (said !== "send" && said !== "receive") {
    context.fault("E3013", action.node.origin, { found: said === undefined ? "something else" : JSON.stringify(said) });
  }

  const reference = child(place, "channel");
  if (reference === undefined) context.fault("E3012", written.origin, { what: `\`channel\` of operation ${id}` });
  const channel = reference && findChannel(reader, channels, reference, id);
  if (channel === undefined || (said !== "send" && said !== "receive")) return undefined;

  const texts = operationTexts(context, place);
  const policy = mergePolicies([channel.policy, readPolicy(context, place, deadLetterAddress(context), "operation")]);
  const group = boundGroup(channel, texts.bindings, place);
  const operation: Operation = {
    id,
    action: said,
    channel: channel.channel.id,
    messages: readMessages(reader, channel, child(place, "messages"), id),
    reply: readReply(reader, channels, place, id),
    ...texts,
    policy: completePolicy(mergePolicies([policy, group])),
    origin: written.origin,
  };
  return { operation, channel, place, policy };
}

function findChannel(
  { context }: ReaderInput,
  channels: readonly LinkedChannel[],
  reference: Place,
  operation: string,
): LinkedChannel | undefined {
  const { places, end } = context.refs.chain(reference);
  if (end?.kind !== "place") {
    if (end?.kind === "proto") {
      context.fault("E3014", reference.node.origin, { operation, what: "its channel is a proto message" });
    }
    return undefined;
  }
  for (const step of places) {
    const found = channels.find(({ keys }) => keys.has(placeKey(step)));
    if (found !== undefined) return found;
  }
  const name = end.place.path.at(-1) ?? "";
  const close = nearest(
    name,
    channels.map(({ channel }) => channel.id),
  );
  const hint = close === undefined ? "" : ` (did you mean ${JSON.stringify(close)}?)`;
  const what = `${JSON.stringify(name)} is no channel of this document${hint}`;
  context.fault("E3014", reference.node.origin, { operation, what });
  return undefined;
}

/** Ids of the channel's messages that a list refers to; all of them where there is no list. */
function readMessages(
  { context }: ReaderInput,
  channel: LinkedChannel,
  list: Place | undefined,
  operation: string,
): readonly string[] {
  if (list === undefined) return channel.channel.messages.map(({ id }) => id);
  const ids = children(context.refs.follow(list)).flatMap((reference) => {
    const { places, end } = context.refs.chain(reference);
    for (const step of places) {
      for (const [id, keys] of channel.messageKeys) if (keys.has(placeKey(step))) return id;
    }
    if (end?.kind === "place") {
      const name = end.place.path.at(-1) ?? "";
      const what = `${JSON.stringify(name)} is no message of its channel ${JSON.stringify(channel.channel.id)}`;
      context.fault("E3014", reference.node.origin, { operation, what });
    }
    return [];
  });
  return [...new Set(ids)];
}

function readReply(
  reader: ReaderInput,
  channels: readonly LinkedChannel[],
  operation: Place,
  id: string,
): OperationReply | undefined {
  const { context } = reader;
  const reply = context.field(operation, "reply");
  if (reply?.node.kind !== "object") return undefined;
  const reference = child(reply, "channel");
  const channel = reference && findChannel(reader, channels, reference, id);
  return {
    channel: channel?.channel.id,
    address: context.text(context.field(reply, "address"), "location") || undefined,
    messages: channel === undefined ? [] : readMessages(reader, channel, child(reply, "messages"), id),
  };
}
