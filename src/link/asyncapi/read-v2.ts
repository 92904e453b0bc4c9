import { type EventMessage, type Operation, refOf } from "../../model/index.js";
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
import { titleName } from "./names.js";
import { type Child, child, children, type Place, placeKey } from "./place.js";
import { completePolicy, mergePolicies, readPolicy } from "./policy.js";
import { applyTraits } from "./traits.js";

/**
 * 2.x says what others may do: where they publish, the application receives. This table is the only place that
 * turns it round.
 */
const actions: ReadonlyMap<string, Operation["action"]> = new Map([
  ["publish", "receive"],
  ["subscribe", "send"],
]);

interface Found {
  readonly message: EventMessage;
  readonly keys: ReadonlySet<string>;
}

interface HalfOperation {
  readonly id: string;
  readonly action: Operation["action"];
  readonly place: Place;
  readonly origin: Operation["origin"];
  readonly messages: readonly string[];
}

/** Reads channels and operations of AsyncAPI 2.x. */
export function readV2(reader: ReaderInput): LinkedDocument {
  const { context, root } = reader;
  const channels: LinkedChannel[] = [];
  const operations: LinkedOperation[] = [];
  for (const written of children(context.field(root, "channels"))) {
    const place = context.refs.follow(written);
    if (place?.node.kind !== "object") continue;
    // what the official converter to 3.x takes for the id
    const id = context.text(place, "x-channelId") || written.key;
    const found = new Map<string, Found>();
    const halves = children(place).flatMap((entry) => readOperation(reader, id, entry, found) ?? []);
    const channel = buildChannel(reader, {
      id,
      written,
      place,
      origin: written.origin,
      address: written.key,
      messages: [...found.values()],
    });
    channels.push(channel);
    operations.push(...halves.map((half) => completeOperation(reader, channel, half)));
  }
  return { channels, operations };
}

function readOperation(
  reader: ReaderInput,
  channelId: string,
  entry: Child,
  found: Map<string, Found>,
): HalfOperation | undefined {
  const { context } = reader;
  const action = actions.get(entry.key);
  const target = context.refs.follow(entry);
  if (action === undefined || target?.node.kind !== "object") return undefined;
  const place = applyTraits(context, target);
  const stated = context.text(place, "operationId");
  const id = stated || `${channelId}.${entry.key}`;
  const written = child(place, "message");
  const alternatives = children(context.field(written && context.refs.follow(written), "oneOf"));
  const all = alternatives.length > 0 ? alternatives : written === undefined ? [] : [written];
  const messages = all.flatMap((message, i) => {
    const suffix = alternatives.length > 0 ? `.${i}` : "";
    return readMessage(reader, message, `${id}.message${suffix}`, `${stated || channelId}${suffix}`, found) ?? [];
  });
  return { id, action, place, origin: entry.origin, messages };
}

/** Adds a message to those of the channel and returns its id; one that both operations have is one. */
function readMessage(
  { context, messages }: ReaderInput,
  written: Place,
  fallbackId: string,
  fallbackName: string,
  found: Map<string, Found>,
): string | undefined {
  const place = context.refs.follow(written);
  if (place?.node.kind !== "object") return undefined;
  const key = placeKey(place);
  const known = found.get(key);
  if (known !== undefined) return known.message.id;

  const own = context.text(place, "messageId") || context.text(place, "name");
  const component = refOf(written.node) === undefined ? "" : messageName(place, "");
  const taken = new Set([...found.values()].map(({ message }) => message.id));
  let id = component || own || fallbackId;
  for (let n = 2; taken.has(id); n++) id = `${component || own || fallbackId}.${n}`;
  const name = component || own || titleName(place.node) || fallbackName;
  const message = messages.read(place, id, name);
  found.set(key, { message, keys: keysOf(context, written) });
  return id;
}

function completeOperation(
  { context }: ReaderInput,
  channel: LinkedChannel,
  { id, action, place, origin, messages }: HalfOperation,
): LinkedOperation {
  const texts = operationTexts(context, place);
  const policy = mergePolicies([channel.policy, readPolicy(context, place, deadLetterAddress(context), "operation")]);
  const group = boundGroup(channel, texts.bindings, place);
  const operation: Operation = {
    id,
    action,
    channel: channel.channel.id,
    messages: [...new Set(messages)],
    reply: undefined,
    ...texts,
    policy: completePolicy(mergePolicies([policy, group])),
    origin,
  };
  return { operation, channel, place, policy };
}
