import type { Channel, EventsFile, Operation } from "../../model/index.js";
import {
  camelCase,
  outputStem,
  pascalCase,
  safeIdentifier,
  type SymbolHome,
  type SymbolTable,
} from "../../plan/index.js";
import { planEvents } from "./plan.js";

/** Where the events of a file are emitted. */
export function outputPath(file: EventsFile): string {
  return `${outputStem(file)}.events.ts`;
}

/** Kinds of names of a named schema, by the prefix of their symbol's key. */
export type SchemaSymbol = "schema" | "schemaInit" | "shape" | "avro";

/** Kinds of names of a channel. */
export type ChannelSymbol =
  | "channel"
  | "publish"
  | "publishBatch"
  | "consume"
  | "consumeBatch"
  | "encode"
  | "params"
  | "paramsInit"
  | "union"
  | "unionInit"
  | "headers"
  | "headersInit"
  | "consumeOptions"
  | SocketSymbol;

/** Kinds of names of an operation with a reply. */
export type ReplySymbol = "request" | "reply" | "replyInfo";

/** Kinds of names of a channel over WebSocket. */
export type SocketSymbol =
  "socket" | "connect" | "serve" | "clientMessage" | "clientMessageInit" | "serverMessage" | "serverMessageInit";

/** The key of a symbol: `schema:events/orders.yaml#/components/schemas/Order`. */
export function symbolKey(
  kind: SchemaSymbol | ChannelSymbol | ReplySymbol | "server",
  file: EventsFile,
  id: string,
): string {
  return `${kind}:${file.path}#${id}`;
}

/** The key of the descriptor of a channel. */
export function descriptorKey(file: EventsFile, { id, onBroker }: Channel): string {
  return symbolKey(onBroker ? "channel" : "socket", file, id);
}

/** The channel of that id. */
export function channelOf(file: EventsFile, id: string): Channel | undefined {
  return file.channels.find((channel) => channel.id === id);
}

/** The operations on a channel that have a reply, in document order. */
export function replyingOperations(file: EventsFile, channel: Channel): readonly Operation[] {
  if (!channel.onBroker) return [];
  return file.operations.filter((operation) => operation.channel === channel.id && operation.reply !== undefined);
}

/** True when the channel's messages form a union. */
export function isUnionChannel(channel: Channel): boolean {
  return channel.messages.length > 1;
}

/**
 * Takes the names of a file: types and channels first, in schema order, then what is derived from them, so that a
 * derived name never displaces one that the contract gave.
 */
export function declareNames(file: EventsFile, symbols: SymbolTable): void {
  const plan = planEvents(file);
  const home: SymbolHome = { kind: "file", path: outputPath(file) };
  const channels = file.modelsOnly ? [] : file.channels;

  for (const { key, name, origin } of plan.schemas) {
    symbols.declare({ key: symbolKey("schema", file, key), home, name: typeName(name), origin });
  }
  for (const channel of channels) {
    symbols.declare({ key: descriptorKey(file, channel), home, name: plainName(channel), origin: channel.origin });
  }
  for (const channel of channels) {
    const { id, origin, socket, onBroker } = channel;
    const pascal = pascalCase(id) || "Channel";
    const declare = (kind: ChannelSymbol, name: string): void =>
      symbols.declare({ key: symbolKey(kind, file, id), home, name: safeIdentifier(name), origin });
    declare("params", `${pascal}Params`);
    declare("paramsInit", `${pascal}ParamsInit`);
    if (socket !== undefined) {
      if (onBroker) declare("socket", socketName(id));
      declare("connect", `connect${pascal}`);
      declare("serve", `serve${pascal}`);
      declare("clientMessage", `${pascal}ClientMessage`);
      declare("clientMessageInit", `${pascal}ClientMessageInit`);
      declare("serverMessage", `${pascal}ServerMessage`);
      declare("serverMessageInit", `${pascal}ServerMessageInit`);
    }
    if (!onBroker) continue;
    declare("publish", `publish${pascal}`);
    declare("consume", `consume${pascal}`);
    declare("encode", `encode${pascal}`);
    declare("union", `${pascal}Message`);
    declare("unionInit", `${pascal}MessageInit`);
    declare("consumeOptions", `${pascal}ConsumeOptions`);
    if (channel.messages.length > 1) {
      declare("headers", `${pascal}Headers`);
      declare("headersInit", `${pascal}HeadersInit`);
    }
  }
  for (const channel of channels) {
    const replying = replyingOperations(file, channel);
    for (const { id, origin } of replying) {
      // the channel's name stands for its only request; of several each has its own
      const words = replying.length === 1 ? channel.id : id;
      const pascal = pascalCase(words) || "Channel";
      const declare = (kind: ReplySymbol, name: string): void =>
        symbols.declare({ key: symbolKey(kind, file, id), home, name: safeIdentifier(name), origin });
      declare("request", `request${pascal}`);
      declare("reply", `reply${pascal}`);
      declare("replyInfo", `${camelCase(words) || "channel"}Reply`);
    }
  }
  for (const { id, origin } of channels.length === 0 ? [] : file.servers) {
    const words = camelCase(id) || "main";
    const name = safeIdentifier(/server$/i.test(words) ? words : `${words}Server`);
    symbols.declare({ key: symbolKey("server", file, id), home, name, origin });
  }
  // a channel may be called after another one's batches
  for (const { id, origin } of channels) {
    const pascal = pascalCase(id) || "Channel";
    for (const verb of ["publish", "consume"] as const) {
      const name = safeIdentifier(`${verb}${pascal}Batch`);
      symbols.declare({ key: symbolKey(`${verb}Batch`, file, id), home, name, origin });
    }
  }
  for (const { key, name, origin } of plan.schemas) {
    if (plan.inits.has(key)) {
      symbols.declare({ key: symbolKey("schemaInit", file, key), home, name: `${typeName(name)}Init`, origin });
    }
    if (plan.shapes.has(key)) {
      const shape = safeIdentifier(`${camelCase(typeName(name)) || "schema"}Shape`);
      symbols.declare({ key: symbolKey("shape", file, key), home, name: shape, origin });
    }
    if (plan.codecs.has(key)) {
      const avro = safeIdentifier(`${camelCase(typeName(name)) || "schema"}Avro`);
      symbols.declare({ key: symbolKey("avro", file, key), home, name: avro, origin });
    }
  }
}

function typeName(name: string): string {
  return safeIdentifier(pascalCase(name) || "Schema");
}

/** What the descriptor of a channel is called where no other has the name. */
export function plainName({ id, onBroker }: Channel): string {
  return onBroker ? channelName(id) : socketName(id);
}

function socketName(id: string): string {
  return safeIdentifier(`${camelCase(id) || "channel"}Socket`);
}

function channelName(id: string): string {
  return safeIdentifier(camelCase(id) || "channel");
}
