import {
  brokerOf,
  type Channel,
  type ChannelSocket,
  type EventMessage,
  type Schema,
  socketMessages,
  socketProtocol,
} from "../../model/index.js";
import type { Context } from "./context.js";
import type { LinkedChannel, LinkedDocument } from "./channels.js";
import { joinNames } from "./names.js";
import type { Place } from "./place.js";
import { openFields } from "./policy-reader.js";
import type { Schemas } from "./schemas.js";
import type { Protocols } from "./servers.js";

const sides: readonly ChannelSocket["side"][] = ["server", "client"];

/** How a channel travels, by its id. */
export type Transports = ReadonlyMap<string, Pick<Channel, "socket" | "onBroker">>;

/** What the channels of a document say about WebSocket, and which of them are on a broker at all. */
export function readSockets(
  context: Context,
  schemas: Schemas,
  root: Place,
  { channels, operations }: LinkedDocument,
  protocols: Protocols,
): Transports {
  const all = operations.map(({ operation }) => operation);
  return new Map(
    channels.map((linked): [string, Pick<Channel, "socket" | "onBroker">] => {
      const { channel } = linked;
      const spoken = protocolsOf(linked, protocols);
      if (!spoken.includes(socketProtocol)) return [channel.id, { socket: undefined, onBroker: true }];
      const socket = readSocket(context, schemas, root, linked);
      if (!socket.envelope) {
        checkFrames(context, channel, socketMessages(channel, all, "send"));
        checkFrames(context, channel, socketMessages(channel, all, "receive"));
        checkHeaders(context, channel);
      }
      return [channel.id, { socket, onBroker: spoken.some((name) => brokerOf(name) !== undefined) }];
    }),
  );
}

/** Those of the channel's servers, else of its bindings, else of the document. */
function protocolsOf({ channel, servers }: LinkedChannel, protocols: Protocols): readonly string[] {
  const named = servers.flatMap(({ protocol }) => protocol ?? []);
  if (named.length > 0) return named;
  const bound = [...channel.bindings.keys()].filter((name) => protocols.names.includes(name));
  return bound.length > 0 ? bound : protocols.names;
}

function readSocket(context: Context, schemas: Schemas, root: Place, linked: LinkedChannel): ChannelSocket {
  const { place, servers, channel } = linked;
  const settings = [place, ...servers.map((server) => server.place), root].flatMap((at) => {
    const found = context.field(at, "x-websocket");
    return found === undefined ? [] : (openFields(context, found, "x-websocket", ["side", "envelope"]) ?? []);
  });
  const binding = context.field(context.field(place, "bindings"), socketProtocol);
  const schemaOf = (key: string): Schema | undefined => {
    const found = context.field(binding, key);
    return found && schemas.convertNamed(found, joinNames(channel.id, key), "json");
  };
  return {
    side: settings.map((one) => one.oneOf("side", sides)).find((side) => side !== undefined) ?? "server",
    envelope: settings.map((one) => one.flag("envelope")).find((flag) => flag !== undefined) ?? false,
    query: schemaOf("query"),
    headers: schemaOf("headers"),
  };
}

/** A frame says whether it is text or bytes and nothing else: of several messages of bytes nobody knows which it is. */
function checkFrames(context: Context, channel: Channel, messages: readonly EventMessage[]): void {
  const binary = messages.filter(({ contentType }) => !isText(contentType));
  const [, second] = binary;
  if (second === undefined) return;
  context.fault("E3036", second.origin, { channel: channel.id, messages: binary.map(({ id }) => id) });
}

function checkHeaders(context: Context, channel: Channel): void {
  for (const { headers, id, origin } of channel.messages) {
    if (headers !== undefined) context.warn("E3037", origin, { message: id });
  }
}

function isText(contentType: string): boolean {
  const essence = (contentType.split(";")[0] ?? "").trim().toLowerCase();
  return essence === "" || essence.startsWith("text/") || essence.endsWith("/json") || essence.endsWith("+json");
}
