import type { AvroCodec } from "./avro.js";
import type { JsonValue } from "./json.js";
import type { Origin } from "./origin.js";
import type { ConsumerPolicy } from "./policy.js";
import type { NamedSchema, Schema } from "./schema.js";

/** One AsyncAPI document, 2.0–3.1 alike; actions are the application's own view (3.x). */
export interface EventsFile {
  readonly kind: "events";
  /** Path relative to its include root or the working directory, with `/`: `events/orders.yaml`. */
  readonly path: string;
  readonly origin: Origin;
  /** `3.0.0`: as the document says. */
  readonly asyncapi: string;
  readonly title: string;
  readonly version: string;
  readonly description: string;
  readonly servers: readonly EventServer[];
  /** The protocols the document speaks, aliases resolved (`amqps` → `amqp`), in order of appearance. */
  readonly protocols: readonly string[];
  /** True when only models may be emitted: no protocol, or one without a broker of ours. */
  readonly modelsOnly: boolean;
  readonly channels: readonly Channel[];
  readonly operations: readonly Operation[];
  /** Named schemas that payloads and headers refer to, in document order, those of other files included. */
  readonly schemas: readonly NamedSchema[];
  /** Canonical paths of proto files whose messages are payloads. */
  readonly protoFiles: readonly string[];
  readonly emit: boolean;
  readonly hash: string;
  readonly shape: string;
}

export interface EventServer {
  readonly id: string;
  readonly host: string;
  readonly protocol: string;
  readonly protocolVersion: string;
  /** `/vhost`; empty where there is none. */
  readonly pathname: string;
  readonly description: string;
  readonly variables: readonly ServerVariable[];
  readonly security: readonly SecurityScheme[];
  readonly bindings: Bindings;
  readonly origin: Origin;
}

/** A `{variable}` of a server's host or path. */
export interface ServerVariable {
  readonly name: string;
  readonly values: readonly string[];
  readonly default: string | undefined;
}

/** One way in which a server or an operation asks who is there. */
export interface SecurityScheme {
  /** Its key among the components; its type where it has none. */
  readonly name: string;
  /** `userPassword`, `X509`, `scramSha256`, `oauth2`, …; empty where the document does not say. */
  readonly type: string;
  readonly scopes: readonly string[];
}

export interface Channel {
  /** Channel id (3.x) or key (2.x). */
  readonly id: string;
  /** Undefined where 3.x says `address: null`: known at run time only. */
  readonly address: string | undefined;
  readonly title: string;
  readonly description: string;
  readonly parameters: readonly ChannelParameter[];
  readonly messages: readonly EventMessage[];
  readonly tags: readonly string[];
  readonly bindings: Bindings;
  readonly policy: ConsumerPolicy;
  readonly deprecated: boolean;
  /** Defined for channels over WebSocket. */
  readonly socket: ChannelSocket | undefined;
  /** False for channels over WebSocket alone: nobody publishes or consumes there. */
  readonly onBroker: boolean;
  readonly origin: Origin;
}

/** What a channel over WebSocket says about itself. */
export interface ChannelSocket {
  /** The side that the document describes. */
  readonly side: "server" | "client";
  /** Messages travel with their name and headers around them. */
  readonly envelope: boolean;
  /** Query parameters of the upgrade request: an object. */
  readonly query: Schema | undefined;
  /** Headers of the upgrade request: an object. */
  readonly headers: Schema | undefined;
}

export interface ChannelParameter {
  readonly name: string;
  readonly description: string;
  readonly values: readonly string[];
  readonly default: string | undefined;
  /** Runtime expression of the value, `$message.payload#/user/id`. */
  readonly location: string | undefined;
  readonly origin: Origin;
}

/**
 * Binding objects by protocol id (`amqp`, `kafka`, `mqtt`, `nats`, `ws`), `$ref`s resolved, as plain JSON; those of
 * wirespan's own keys (`x-nats`, `x-redis`, `x-jetstream`) beside them, durations in milliseconds.
 */
export type Bindings = ReadonlyMap<string, JsonValue>;

export interface EventMessage {
  /** Key of the message in its channel (3.x), component or `name` (2.x). */
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  readonly description: string;
  /** `application/json`, `application/protobuf`, …: the message's, else the document's default. */
  readonly contentType: string;
  readonly payload: Payload;
  readonly headers: Schema | undefined;
  /** Runtime expression of the correlation id, `$message.header#/correlationId`. */
  readonly correlationId: string | undefined;
  /** Runtime expression whose value is the partition or ordering key, from bindings or `x-key`. */
  readonly key: string | undefined;
  readonly bindings: Bindings;
  readonly tags: readonly string[];
  readonly deprecated: boolean;
  /** Payloads of the message's examples. */
  readonly examples: readonly JsonValue[];
  readonly origin: Origin;
}

export type Payload =
  | { readonly kind: "proto"; readonly typeName: string }
  /** `avro`: how it travels, of an Avro schema. */
  | { readonly kind: "schema"; readonly schema: Schema; readonly avro?: AvroCodec }
  /** Bytes: no payload given, or a format without a codec; `schema` types what is in there where it is known. */
  | { readonly kind: "opaque"; readonly format: string; readonly schema: Schema | undefined };

export interface Operation {
  readonly id: string;
  /** From the application's view: 2.x `publish` is `receive`, `subscribe` is `send`. */
  readonly action: "send" | "receive";
  readonly channel: string;
  /** Ids of the channel's messages it handles; all of them when the document does not restrict it. */
  readonly messages: readonly string[];
  readonly reply: OperationReply | undefined;
  readonly title: string;
  readonly summary: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly deprecated: boolean;
  readonly security: readonly SecurityScheme[];
  readonly bindings: Bindings;
  readonly policy: ConsumerPolicy;
  readonly origin: Origin;
}

export interface OperationReply {
  readonly channel: string | undefined;
  /** Runtime expression of the reply address, `$message.header#/replyTo`. */
  readonly address: string | undefined;
  readonly messages: readonly string[];
}
