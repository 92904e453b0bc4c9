import { messageExpression } from "./expression.js";
import { messageHeaders } from "./headers.js";
import { isRecord } from "./json.js";
import type { HeadersType } from "./typed-headers.js";
import type { ChannelInfo } from "./types.js";
import { isUnion } from "./union.js";

/** What the contract says about the envelope of one message. */
export interface EnvelopeInfo {
  readonly headers: HeadersType | undefined;
  readonly correlationId: string | undefined;
}

/** What a handler learns from the envelope of a message. */
export interface Envelope {
  /** Texts, or what the contract says they mean. */
  readonly headers: object;
  readonly correlationId: string | undefined;
}

/**
 * The headers and the correlation id of a message that was decoded.
 *
 * @throws {QueueError} `invalid` when the headers do not fit the contract.
 */
export function readEnvelope<T, Init, Params>(
  channel: ChannelInfo<T, Init, Params>,
  message: T,
  raw: Readonly<Record<string, string>>,
): Envelope {
  const carried = raw[messageHeaders.correlationId];
  if (channel.headers === undefined && channel.correlationId === undefined && !isUnion(channel.message)) {
    return { headers: raw, correlationId: carried };
  }
  const { info, value } = envelopeInfo(channel, message);
  const { correlationId } = info;
  return {
    headers: info.headers === undefined ? raw : info.headers.read(raw),
    correlationId: carried ?? (correlationId === undefined ? undefined : messageExpression(correlationId)(value, raw)),
  };
}

function envelopeInfo<T, Init, Params>(
  { message: type, headers, correlationId }: ChannelInfo<T, Init, Params>,
  message: T,
): { readonly info: EnvelopeInfo; readonly value: unknown } {
  const own = { headers, correlationId };
  if (!isUnion(type) || !isRecord(message)) return { info: own, value: message };
  const member = type.members.find((candidate) => candidate.case === message["case"]);
  return {
    info: { headers: member?.headers ?? headers, correlationId: member?.correlationId ?? correlationId },
    value: message["value"],
  };
}

/**
 * Puts the correlation id where readers look for it: into `x-correlation-id`, and into the header that the contract
 * names. Without one of the caller it is what the message holds, else the message's own id.
 */
export function correlate(
  headers: Record<string, string>,
  expression: string | undefined,
  { given, value, id }: { readonly given: string | undefined; readonly value: unknown; readonly id: string },
): void {
  if (expression === undefined) {
    if (given !== undefined) headers[messageHeaders.correlationId] = given;
    return;
  }
  const correlationId = given ?? messageExpression(expression)(value, headers) ?? id;
  headers[messageHeaders.correlationId] = correlationId;
  const name = headerOf(expression);
  if (name !== undefined) headers[name] = correlationId;
}

/** The header that an expression means; undefined for those into payloads, and without one. */
export function headerOf(expression: string | undefined): string | undefined {
  const segment = /^\$message\.header#\/([^/]+)$/s.exec(expression ?? "")?.[1];
  return segment?.replace(/~1/g, "/").replace(/~0/g, "~");
}

/** Headers of the caller as texts: by the contract's description, else as they are. */
export function writeHeaders(
  type: HeadersType | undefined,
  given: object | undefined,
  correlation: { readonly expression: string | undefined; readonly value: string },
): Readonly<Record<string, string>> {
  // sound: without a description they are typed as texts, and the copy that follows makes texts of all
  if (type === undefined) return (given ?? {}) as Readonly<Record<string, string>>;
  const name = headerOf(correlation.expression);
  // a correlation id that the contract requires as a header need not be given by hand
  const preset = name === undefined ? {} : { [name]: correlation.value };
  return type.write({ ...preset, ...given });
}
