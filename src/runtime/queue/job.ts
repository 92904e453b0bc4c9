import { hasParameters, matchAddress } from "./address.js";
import { toError } from "./errors.js";
import { messageExpression } from "./expression.js";
import { messageHeaders } from "./headers.js";
import { readEnvelope, type Envelope } from "./parts.js";
import type { BrokerDelivery, ChannelInfo } from "./types.js";
import { decodeAs, decodeUnion, isUnion } from "./union.js";

/** A delivery on its way through the pipeline. */
export interface Job<T, Params> {
  readonly source: BrokerDelivery;
  /** Deliveries with the same lane are handled one after the other. */
  readonly lane: string | undefined;
  /** ISO 8601, of this or an earlier delivery. */
  firstFailureAt: string | undefined;
  /** A message of its own at each call: handlers may change what they get. */
  decode(): Decoded<T, Params>;
}

export type Decoded<T, Params> =
  | { readonly kind: "decoded"; readonly message: T; readonly params: Params; readonly envelope: Envelope }
  /** The bytes or the value are not what the contract says. */
  | { readonly kind: "faulty"; readonly error: Error }
  /** A broker's pattern may be wider than the contract's address. */
  | { readonly kind: "foreign" };

export function createJob<T, Init, Params>(
  source: BrokerDelivery,
  channel: ChannelInfo<T, Init, Params>,
  address: string,
  order: "none" | "key" | "strict",
): Job<T, Params> {
  /** Decoded to find the lane, and not yet handed out. */
  let ahead: Decoded<T, Params> | undefined;
  const peek = (): Decoded<T, Params> => (ahead ??= decodeDelivery(source, channel, address));
  return {
    source,
    lane: laneOf(source, channel, order, peek),
    firstFailureAt: source.headers[messageHeaders.firstFailureAt],
    decode() {
      const decoded = peek();
      ahead = undefined;
      return decoded;
    },
  };
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

/** The key of a message whose sender did not set one: other people's publishers do not know the contract's `x-key`. */
function contractKey<T, Init, Params>(
  source: BrokerDelivery,
  channel: ChannelInfo<T, Init, Params>,
  decode: () => Decoded<T, Params>,
): string | undefined {
  if (!isUnion(channel.message)) {
    if (channel.key === undefined) return undefined;
    const result = decode();
    return result.kind === "decoded" ? messageExpression(channel.key)(result.message, source.headers) : undefined;
  }
  if (channel.key === undefined && channel.message.members.every((member) => member.key === undefined))
    return undefined;
  const result = decode();
  if (result.kind !== "decoded") return undefined;
  // sound: a union's value is one of its cases
  const found = result.message as { readonly case: string; readonly value: unknown };
  const expression = channel.message.members.find((member) => member.case === found.case)?.key ?? channel.key;
  return expression === undefined ? undefined : messageExpression(expression)(found.value, source.headers);
}

function decodeDelivery<T, Init, Params>(
  source: BrokerDelivery,
  channel: ChannelInfo<T, Init, Params>,
  address: string,
): Decoded<T, Params> {
  const params: Record<string, string> | undefined = hasParameters(address)
    ? matchAddress(address)(source.address)
    : {};
  if (params === undefined) return { kind: "foreign" };
  for (const { name, values } of channel.parameters ?? []) {
    if (values !== undefined && params[name] !== undefined && !values.includes(params[name]))
      return { kind: "foreign" };
  }
  try {
    const { message: type } = channel;
    const message = isUnion(type)
      ? decodeUnion<T>(
          type.typeName,
          type.members,
          source.body,
          source.headers[messageHeaders.name],
          source.contentType,
        )
      : decodeAs(type, source.body, source.contentType === "" ? channel.contentType : source.contentType);
    // sound: the matcher gives a text for each parameter of the channel's address
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
