import { headers as createHeaders, type MsgHdrs } from "@nats-io/transport-node";
import { copyHeaders, deadHeaders, messageHeaders, QueueError, type OutgoingMessage } from "../../queue/index.js";

/** Headers of the adapter's own. */
export const adapterHeaders = {
  key: "x-key",
  contentType: "content-type",
  /** The address, where the subject does not tell it. */
  address: "x-address",
  /** When a retry is due, milliseconds since the epoch. */
  retryAt: "x-retry-at",
  /** Names of headers whose values NATS could not carry as they are, separated by commas; those within are encoded. */
  encoded: "x-encoded",
  /** The server drops a second message of that id. */
  dedupe: "Nats-Msg-Id",
} as const;

const ownNames: ReadonlySet<string> = new Set([
  adapterHeaders.key,
  adapterHeaders.contentType,
  adapterHeaders.address,
  adapterHeaders.retryAt,
  adapterHeaders.encoded,
]);

/** What else the adapter sends along. */
export interface Extras {
  readonly dedupe?: string | undefined;
  readonly address?: string | undefined;
  readonly retryAt?: number | undefined;
}

/** @throws {QueueError} `usage` when a name cannot be a header of NATS. */
export function toHeaders(message: OutgoingMessage, extras: Extras): MsgHdrs {
  const out = createHeaders();
  const encoded: string[] = [];
  const put = (name: string, value: string): void => {
    const safe = isPlain(value) ? value : encodeValue(value);
    if (safe !== value) encoded.push(name.replace(/[%,]/g, encodeChar));
    out.append(name, safe);
  };
  // one header that says it is enough: the client takes long over each
  const isNamed = extras.dedupe === message.id && isPlain(message.id);
  for (const name of Object.keys(message.headers)) {
    if (ownNames.has(name) || name === adapterHeaders.dedupe) continue;
    if (isNamed && name === messageHeaders.id && message.headers[name] === message.id) continue;
    if (!/^[!-9;-~]+$/.test(name)) {
      throw new QueueError("usage", `${message.address}: ${JSON.stringify(name)} cannot be the name of a NATS header`);
    }
    put(name, message.headers[name] ?? "");
  }
  if (!isNamed && message.headers[messageHeaders.id] === undefined) put(messageHeaders.id, message.id);
  if (message.key !== undefined) put(adapterHeaders.key, message.key);
  if (message.contentType !== "") put(adapterHeaders.contentType, message.contentType);
  if (message.expiresAt !== undefined && message.headers[messageHeaders.expiresAt] === undefined) {
    put(messageHeaders.expiresAt, String(message.expiresAt));
  }
  if (extras.address !== undefined) put(adapterHeaders.address, extras.address);
  if (extras.retryAt !== undefined) put(adapterHeaders.retryAt, String(extras.retryAt));
  if (extras.dedupe !== undefined) out.append(adapterHeaders.dedupe, encodeValue(extras.dedupe));
  if (encoded.length > 0) out.append(adapterHeaders.encoded, encoded.join(","));
  return out;
}

/**
 * By what the server tells that it has a message already. A header `Nats-Msg-Id` wins, empty for none. A message may die
 * twice, and its id may be used at several addresses of one stream, so the id alone is not enough there.
 */
export function dedupeId(message: OutgoingMessage, shared: boolean): string | undefined {
  const given = message.headers[adapterHeaders.dedupe];
  if (given !== undefined) return given === "" ? undefined : given;
  const death = message.headers[deadHeaders.lastAt];
  const id = death === undefined ? message.id : `${message.id}#${death}`;
  return shared ? `${id}@${message.address}` : id;
}

/** A message as it came, from our publishers or anybody's. `id` is taken where it has none. */
export function fromHeaders(
  received: MsgHdrs | undefined,
  body: Uint8Array,
  address: string,
  id: string,
): { readonly message: OutgoingMessage; readonly retryAt: number | undefined } {
  const headers = copyHeaders({});
  let key: string | undefined;
  let contentType = "";
  let given: string | undefined;
  let from = address;
  let retryAt: number | undefined;
  const texts = received === undefined ? undefined : decodedTexts(received);
  for (const [name, values] of received ?? []) {
    const value = texts?.get(name) ?? values[0] ?? "";
    if (name === adapterHeaders.key) key = value;
    else if (name.length === 12 && name.toLowerCase() === adapterHeaders.contentType) contentType = value;
    else if (name === adapterHeaders.address) from = value;
    else if (name === adapterHeaders.retryAt) retryAt = Number(value);
    else if (name === adapterHeaders.dedupe) given = value;
    else if (name !== adapterHeaders.encoded && !name.startsWith("Nats-")) headers[name] = value;
  }
  if (given !== undefined) headers[messageHeaders.id] ??= given;
  const expires = headers[messageHeaders.expiresAt];
  const expiresAt = expires === undefined ? 0 : Number(expires);
  return {
    message: {
      address: from,
      id: headers[messageHeaders.id] ?? id,
      key,
      headers,
      contentType,
      body,
      expiresAt: Number.isSafeInteger(expiresAt) && expiresAt > 0 ? expiresAt : undefined,
    },
    retryAt: retryAt !== undefined && Number.isFinite(retryAt) ? retryAt : undefined,
  };
}

/** The headers that were encoded, which are few. */
function decodedTexts(received: MsgHdrs): ReadonlyMap<string, string> | undefined {
  if (!received.has(adapterHeaders.encoded)) return undefined;
  const names = received.get(adapterHeaders.encoded).split(",").map(decodeValue);
  return new Map(names.map((name) => [name, decodeValue(received.get(name))]));
}

/** NATS ends a header at the line's end and cuts blanks off. */
function isPlain(value: string): boolean {
  return !/[\r\n]/.test(value) && value.trim() === value;
}

function encodeValue(value: string): string {
  if (isPlain(value)) return value;
  return value.replace(/[%\s]/g, encodeChar);
}

function encodeChar(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}

function decodeValue(value: string): string {
  return value.replace(/%([0-9A-F]{4})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
