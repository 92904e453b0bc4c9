import type { PayloadType } from "../wire/index.js";
import type { ParamsReader } from "./address-params.js";
import type { JobAttempt } from "./attempt.js";
import { checkBody, inflate, isCompressed, type BodyLimits } from "./compression.js";
import { decodePayload } from "./decode.js";
import { QueueError, toError } from "./errors.js";
import { messageExpression } from "./expression.js";
import { messageHeaders } from "./headers.js";
import { readEnvelope, type Envelope } from "./parts.js";
import type { BrokerDelivery, ChannelInfo } from "./types.js";
import { isUnion } from "./union.js";

/** A delivery on its way through the pipeline. */
export interface Job<T, Params> {
  readonly source: BrokerDelivery;
  /** Milliseconds, by the consumer's clock. */
  readonly receivedAt: number;
  /** Deliveries with the same lane are handled one after the other. */
  readonly lane: string | undefined;
  /** True as long as the lane is not known, for what tells it is in a compressed body. */
  readonly veiled: boolean;
  /** ISO 8601, of this or an earlier delivery. */
  firstFailureAt: string | undefined;
  /** The run of the handler that is under way. */
  running: JobAttempt | undefined;
  /** True as long as its body has to be decompressed before it is decoded. */
  readonly sealed: boolean;
  /** Finds out the lane. The body is left as it came: what waits must not take up what it inflates to. Never rejects. */
  unveil(): Promise<void>;
  /** Decompresses the body. Never rejects: what fails is told by `decode`. */
  open(): Promise<void>;
  /** A message of its own at each call: handlers may change what they get. Only once the body is open. */
  decode(): Decoded<T, Params>;
  readAgain(): { readonly type: PayloadType<unknown, never>; readonly message: unknown } | undefined;
}

export type Decoded<T, Params> =
  | { readonly kind: "decoded"; readonly message: T; readonly params: Params; readonly envelope: Envelope }
  /** The bytes or the value are not what the contract says. */
  | { readonly kind: "faulty"; readonly error: Error }
  /** A broker's pattern may be wider than the contract's address. */
  | { readonly kind: "foreign" };

/** What jobs of one consumer have in common. */
export interface JobKind<T, Init, Params> {
  readonly channel: ChannelInfo<T, Init, Params>;
  readonly readParams: ParamsReader;
  readonly order: "none" | "key" | "strict";
  readonly limits: BodyLimits;
}

export function createJob<T, Init, Params>(
  source: BrokerDelivery,
  kind: JobKind<T, Init, Params>,
  receivedAt: number,
): Job<T, Params> {
  return new DeliveryJob(source, kind, receivedAt);
}

/** A class, because there is one for each message. */
class DeliveryJob<T, Init, Params> implements Job<T, Params> {
  readonly source: BrokerDelivery;
  readonly receivedAt: number;
  lane: string | undefined;
  veiled: boolean;
  firstFailureAt: string | undefined;
  running: JobAttempt | undefined = undefined;
  sealed: boolean;
  readonly #kind: JobKind<T, Init, Params>;
  /** Decoded to find the lane, and not yet handed out. */
  #ahead: Decoded<T, Params> | undefined;
  #body: Uint8Array;
  #fault: Error | undefined;

  constructor(source: BrokerDelivery, kind: JobKind<T, Init, Params>, receivedAt: number) {
    this.source = source;
    this.receivedAt = receivedAt;
    this.firstFailureAt = source.headers[messageHeaders.firstFailureAt];
    this.sealed = isCompressed(source);
    this.#kind = kind;
    this.#body = source.body;
    try {
      checkBody(source, kind.limits);
    } catch (error) {
      this.#fault = toError(error);
      this.sealed = false;
    }
    this.veiled = this.sealed && kind.order !== "none" && source.key === undefined && hasContractKey(kind.channel);
    this.lane = this.veiled || kind.order === "none" ? undefined : this.#laneOf();
  }

  #laneOf(): string | undefined {
    return laneOf(this.source, this.#kind.channel, this.#kind.order, () => this.#peek());
  }

  async unveil(): Promise<void> {
    await this.open();
    this.lane = this.#laneOf();
    this.veiled = false;
    this.#ahead = undefined;
    this.#body = this.source.body;
    this.sealed = this.#fault === undefined;
  }

  async open(): Promise<void> {
    if (!this.sealed) return;
    try {
      this.#body = await inflate(this.source, this.#kind.limits);
    } catch (error) {
      this.#fault = toError(error);
    }
    this.sealed = false;
  }

  decode(): Decoded<T, Params> {
    const decoded = this.#peek();
    this.#ahead = undefined;
    return decoded;
  }

  readAgain(): { readonly type: PayloadType<unknown, never>; readonly message: unknown } | undefined {
    // one that was refused unopened is not worth it
    if (this.sealed) return undefined;
    const decoded = this.#read();
    if (decoded.kind !== "decoded") return undefined;
    const type: PayloadType<unknown, never> = this.#kind.channel.message;
    if (!isUnion(type)) return { type, message: decoded.message };
    // sound: a union's value is one of its cases
    const found = decoded.message as { readonly case: string; readonly value: unknown };
    const member = type.members.find((candidate) => candidate.case === found.case);
    return member === undefined ? undefined : { type: member.type, message: found.value };
  }

  #peek(): Decoded<T, Params> {
    return (this.#ahead ??= this.#read());
  }

  #read(): Decoded<T, Params> {
    if (this.#fault !== undefined) return { kind: "faulty", error: this.#fault };
    return decodeDelivery(this.source, this.#body, this.#kind);
  }
}

function laneOf<T, Init, Params>(
  source: BrokerDelivery,
  channel: ChannelInfo<T, Init, Params>,
  order: "none" | "key" | "strict",
  decode: () => Decoded<T, Params>,
): string | undefined {
  if (order === "none") return undefined;
  const key = source.key ?? contractKey(source, channel, decode);
  // strict order without keys is the order of the whole channel
  return key ?? (order === "strict" ? "" : undefined);
}

/** True when the contract says where the key of a message is found. */
function hasContractKey<T, Init, Params>({ key, message }: ChannelInfo<T, Init, Params>): boolean {
  return key !== undefined || (isUnion(message) && message.members.some((member) => member.key !== undefined));
}

/** The key of a message whose sender did not set one: other people's publishers do not know the contract's `x-key`. */
function contractKey<T, Init, Params>(
  source: BrokerDelivery,
  channel: ChannelInfo<T, Init, Params>,
  decode: () => Decoded<T, Params>,
): string | undefined {
  if (!hasContractKey(channel)) return undefined;
  const result = decode();
  if (result.kind !== "decoded") return undefined;
  let { key } = channel;
  let value: unknown = result.message;
  if (isUnion(channel.message)) {
    // sound: a union's value is one of its cases
    const found = result.message as { readonly case: string; readonly value: unknown };
    key = channel.message.members.find((member) => member.case === found.case)?.key ?? key;
    value = found.value;
  }
  return key === undefined ? undefined : messageExpression(key)(value, source.headers);
}

function decodeDelivery<T, Init, Params>(
  source: BrokerDelivery,
  body: Uint8Array,
  { channel, readParams }: JobKind<T, Init, Params>,
): Decoded<T, Params> {
  const params = readParams(source.address);
  if (params === undefined) return { kind: "foreign" };
  if (params instanceof QueueError) return { kind: "faulty", error: params };
  try {
    const message = decodePayload(channel.message, source, body, channel.contentType);
    // sound: the reader gives a text for each parameter of the channel's address, one that the contract allows
    return {
      kind: "decoded",
      message,
      params: params as Params,
      envelope: readEnvelope(channel, message, source.headers),
    };
  } catch (error) {
    return { kind: "faulty", error: toError(error) };
  }
}
