import type { Clock, Random, Tracer } from "../context/index.js";
import type { PayloadType } from "../wire/index.js";
import type { HeadersType } from "./typed-headers.js";

/** A message on its way to a broker: plain and serialisable, so that an outbox can store it. */
export interface OutgoingMessage {
  readonly address: string;
  /** Unique; the key of deduplication unless the contract names another. */
  readonly id: string;
  /** Partition or ordering key. */
  readonly key?: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly contentType: string;
  readonly body: Uint8Array;
  /** Milliseconds since the epoch after which nobody needs it. */
  readonly expiresAt?: number | undefined;
}

export type PublishResult =
  | { readonly ok: true; readonly position?: string | undefined; readonly duplicate?: boolean | undefined }
  | { readonly ok: false; readonly error: Error };

/** A message that a broker handed to one consumer and that waits for its verdict. */
export interface BrokerDelivery extends OutgoingMessage {
  readonly group: string;
  /** Where it stands in its source; opaque. */
  readonly position: string;
  /** 1 for the first. */
  readonly attempt: number;
  readonly redelivered: boolean;
  /** Resolves once the verdict is on its way; rejects when it came too late, the message is delivered again then. */
  ack(): Promise<void>;
  /**
   * Gives it back, to be delivered again after the delay (milliseconds, 0 by default). A plain `nack()` gives it back
   * as if it had never been delivered; a delay counts an attempt. `headers` are added to the message, also where the
   * delay is 0: this is how attempts inside the process are carried on. Rejects where the place for delayed messages
   * takes none; the message is delivered again sooner then, and the attempt is not counted.
   */
  nack(delayMs?: number, headers?: Readonly<Record<string, string>>): Promise<void>;
  /** Keeps it from being redelivered while a handler is still at work. */
  extend(): Promise<void>;
}

/** What a broker can do; the rows of the capability table. */
export interface Capabilities {
  readonly confirms: boolean;
  readonly redelivery: boolean;
  readonly fanOut: boolean;
  readonly openParameters: boolean;
  /** Several deliveries at a time, settled together. */
  readonly batch: boolean;
  /** The broker keeps a message until it is to be tried again; elsewhere its adapter does, in the consumer's process. */
  readonly delayedRetry: boolean;
  readonly deadLetter: boolean;
  /** What waits at an address can be read without being taken, dead letters too. */
  readonly browse: boolean;
  readonly headers: boolean;
  readonly requestReply: boolean;
  readonly durable: boolean;
  readonly reconnect: boolean;
}

/** What must exist before messages flow: named by address and group, spelt out by each broker. */
export interface Topology {
  readonly addresses: readonly TopologyAddress[];
}

export interface TopologyAddress {
  readonly address: string;
  /** The groups that consume it, each gets every message. */
  readonly groups: readonly TopologyGroup[];
  /** The protocol's bindings from the contract, plain JSON. */
  readonly bindings: Readonly<Record<string, unknown>>;
}

export interface TopologyGroup {
  /** Empty: the address itself is one queue, as for work queues and dead letters. */
  readonly group: string;
  /** Delays that retries will ask for, milliseconds; one tier each. */
  readonly retryDelaysMs: readonly number[];
  /** Address of dead letters; undefined: none. */
  readonly deadLetter: string | undefined;
}

/** What to consume. */
export interface Source {
  /** May hold `{parameters}`: every address that fits. */
  readonly address: string;
  /** Empty: the address itself is one queue. */
  readonly group: string;
  /** Deliveries without a verdict at one time, at most. */
  readonly prefetch: number;
  /** The protocol's bindings of channel and operation from the contract, plain JSON. */
  readonly bindings?: Readonly<Record<string, unknown>> | undefined;
}

/** A place of one process for replies, gone with it. */
export interface Inbox {
  /** Where replies are to be published to. */
  readonly address: string;
  close(): Promise<void>;
}

export interface BrowseOptions {
  readonly limit: number;
  /** The group whose queue is read; by default the address's own, where dead letters are. */
  readonly group?: string | undefined;
}

/** What code that uses a broker takes unless it is told otherwise; tests put fakes here. */
export interface BrokerSettings {
  readonly clock: Clock;
  readonly random: Random;
  /** Where the spans of publishers and consumers go. */
  readonly tracer: Tracer;
}

export interface Health {
  readonly ok: boolean;
  /** For people: `connected to 127.0.0.1:5672`. */
  readonly detail: string;
}

/**
 * A message broker under the contract that all adapters share.
 *
 * `publish` keeps the order of the batch and never rejects because of one message: each has its result, which is
 * there once the broker has confirmed it. `consume` calls `deliver` with at most `prefetch` deliveries outstanding
 * and never again after the consumer was drained. Dead-lettering is the pipeline's: publish, then ack.
 */
export interface Broker {
  readonly id: string;
  readonly capabilities: Capabilities;
  readonly settings: BrokerSettings;
  /** Where dead letters of a group go unless the contract names a place. */
  deadLetterAddress(address: string, group: string, bindings: Readonly<Record<string, unknown>>): string;
  /** Creates what is missing; safe to repeat. */
  ensure(topology: Topology): Promise<void>;
  publish(batch: readonly OutgoingMessage[]): Promise<readonly PublishResult[]>;
  consume(source: Source, deliver: (batch: readonly BrokerDelivery[]) => void): Promise<BrokerConsumer>;
  /** Makes a place for replies; what arrives there is delivered at most once and needs no verdict. */
  openInbox?(deliver: (messages: readonly OutgoingMessage[]) => void): Promise<Inbox>;
  /** How many messages wait for a group; undefined where the broker cannot tell. */
  depth?(source: Pick<Source, "address" | "group">): Promise<number | undefined>;
  /** Reads without taking. */
  browse(address: string, options: BrowseOptions): AsyncIterable<BrokerDelivery>;
  health(): Promise<Health>;
  close(): Promise<void>;
}

export interface BrokerConsumer {
  pause(): void;
  resume(): void;
  /** Fetches no more, waits for verdicts; resolves to what had none after that time. */
  drain(withinMs: number): Promise<readonly BrokerDelivery[]>;
}

/** What the contract says about a channel. Emitted as data. */
export interface ChannelInfo<T, Init = T, Params = {}> {
  /** Channel id of the contract. */
  readonly id: string;
  /** May hold `{parameters}`; empty when it is known at run time only. */
  readonly address: string;
  readonly parameters?: readonly ChannelParameterInfo[];
  /** Of several messages: a union made by `messageUnion`. */
  readonly message: PayloadType<T, Init>;
  readonly contentType: string;
  /** Where the ordering key is found: `$message.payload#/user/id`, `$message.header#/tenant`. */
  readonly key?: string;
  /** Where the key of deduplication is found, `$message.payload#/id`; by default it is the message's id. */
  readonly idempotencyKey?: string;
  /** Where the correlation id is found, `$message.header#/correlationId`; `x-correlation-id` has it in any case. */
  readonly correlationId?: string;
  /** The headers that the contract describes; of several messages each member has its own. */
  readonly headers?: HeadersType;
  /** Milliseconds after which nobody needs a message. */
  readonly expiresMs?: number;
  /** The address is one queue: each message goes to one consumer, whatever its group. */
  readonly queue?: boolean;
  /**
   * Binding objects by protocol, `amqp`: those of the channel with those of the operations that send to it, and
   * wirespan's own `x-redis`, `x-jetstream` and `x-nats`, durations in milliseconds.
   */
  readonly bindings: Readonly<Record<string, unknown>>;
  readonly consumer: ConsumerDefaults;
  /** When several operations receive from the channel: each with its own settings. */
  readonly operations?: readonly OperationDefaults[];
  /** Type of the address parameters; never set. */
  readonly params?: Params;
}

export interface ChannelParameterInfo {
  readonly name: string;
  /** The only values allowed; any when absent. */
  readonly values?: readonly string[];
  readonly default?: string;
  /** Where the message holds the value when the caller gives none: `$message.payload#/user/id`. */
  readonly location?: string;
}

/** Consumer settings as the contract states them; run-time options override them. */
export interface ConsumerDefaults {
  readonly group?: string;
  readonly concurrency?: number;
  readonly buffer?: number;
  readonly order?: "none" | "key" | "strict";
  readonly timeoutMs?: number;
  readonly retry?: { readonly maxAttempts: number; readonly quick: number; readonly delaysMs: readonly number[] };
  /** True: the broker's default name. */
  readonly deadLetter?: string | boolean;
  /** How many deliveries a batch handler gets at a time, bytes of their bodies, and how long the first one waits. */
  readonly batch?: { readonly size: number; readonly bytes?: number; readonly lingerMs: number };
  /** Names of the messages handled, of several; others are acknowledged unseen. */
  readonly messages?: readonly string[];
  /** Binding objects of the operation by protocol; they stand beside those of the channel. */
  readonly bindings?: Readonly<Record<string, unknown>>;
}

export interface OperationDefaults extends ConsumerDefaults {
  /** Operation id of the contract. */
  readonly id: string;
}

/** A server of the contract. Emitted as data: what a program needs to connect, secrets excepted. */
export interface ServerInfo {
  /** Its key in the contract. */
  readonly id: string;
  /** `localhost:5672`; may hold `{variables}`. */
  readonly host: string;
  /** `/vhost`, where there is one. */
  readonly pathname?: string;
  /** As the contract names it: `amqps`. */
  readonly protocol: string;
  readonly protocolVersion?: string;
  readonly variables?: readonly ServerVariableInfo[];
  /** Binding objects by protocol: `{ mqtt: { clientId, cleanSession, keepAlive, lastWill } }`. */
  readonly bindings: Readonly<Record<string, unknown>>;
  /** The security schemes that it takes, any one of them. */
  readonly security?: readonly SecurityInfo[];
}

/** A part of a server's host or path that differs from place to place. */
export interface ServerVariableInfo {
  readonly name: string;
  /** The only values allowed; any when absent. */
  readonly values?: readonly string[];
  readonly default?: string;
}

/** How a server wants to know who is there. */
export interface SecurityInfo {
  /** Its name in the contract; `type` where it has none. */
  readonly name: string;
  /** `userPassword`, `X509`, `scramSha256`, `oauth2`, …: as the contract names it. */
  readonly type: string;
  readonly scopes?: readonly string[];
}
