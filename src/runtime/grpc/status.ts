import {
  Code,
  codeOfNumber,
  createMetadata,
  decodeStatusDetails,
  encodeStatusDetailsWithin,
  okStatus,
  type RpcStatus,
} from "../rpc/index.js";
import { decodeText, encodeText } from "./bytes.js";
import { addMetadata, decodeBytes, encodeBytes, trailerOf } from "./headers.js";
import { statusOfLoss } from "./reasons.js";
import { fieldOf, ResetCode, type HttpFields, type HttpHeaders } from "./http.js";

/** The trailers of a call that succeeded and has nothing more to say. */
const okTrailers: HttpHeaders = { "grpc-status": "0" };

/** How a call ended, as trailers. */
export function trailersOf(status: RpcStatus): HttpHeaders {
  if (status.code === Code.OK && status.trailer.size === 0) return okTrailers;
  const headers: Record<string, string | string[]> = { "grpc-status": String(status.code) };
  if (status.code !== Code.OK && status.message !== "") headers["grpc-message"] = encodeMessage(status.message);
  const { details, room } = fitTrailers(status);
  addMetadata(headers, status.trailer, room);
  if (details !== undefined) headers["grpc-status-details-bin"] = encodeBytes(details);
  return headers;
}

/** Bytes of all trailers of a call. More of them Node and grpc-js do not take, and the call would lose its status. */
const mostTrailers = 63 * 1024;
/** Bytes of the details among them, before base64. */
const mostDetails = 24 * 1024;
/** What the names of gRPC's own trailers take. */
const ownNames = 200;

/** What trailers have room for beside the status: details, first an ErrorInfo, and then so many bytes of metadata. */
export function fitTrailers({ code, message, details }: RpcStatus): {
  readonly details: Uint8Array | undefined;
  readonly room: number;
} {
  const left = mostTrailers - ownNames - encodeMessage(message).length;
  if (details.length === 0) return { details: undefined, room: left };
  const limit = Math.min(mostDetails, Math.floor((left * 3) / 4));
  const fitting = encodeStatusDetailsWithin(limit, { code, message: message.slice(0, longestMessage), details });
  return { details: fitting, room: left - Math.ceil(((fitting?.length ?? 0) * 4) / 3) };
}

/** The status that trailers tell; undefined when they tell none. */
export function statusOf(fields: HttpFields): RpcStatus | undefined {
  const code = fieldOf(fields, "grpc-status");
  if (code === undefined) return undefined;
  // by far the most frequent end
  if (code === "0" && fields.length === 2) return okStatus();
  if (code === "0") return okStatus(trailerOf(fields));
  const number = /^[0-9]{1,9}$/.test(code) ? Number(code) : Code.UNKNOWN;
  if (number === Code.OK) return okStatus(trailerOf(fields));
  const bytes = fieldOf(fields, "grpc-status-details-bin");
  const rich = bytes === undefined ? undefined : decodeStatusDetails(decodeBytes(bytes));
  return {
    code: codeOfNumber(number),
    message: decodeMessage(fieldOf(fields, "grpc-message") ?? ""),
    details: rich?.details ?? [],
    trailer: trailerOf(fields),
  };
}

const longestMessage = 4_096;

/** A message as a header carries it: percent-encoded UTF-8, bounded. */
export function encodeMessage(message: string): string {
  const text = message.slice(0, longestMessage);
  if (/^[ -$&-~]*$/.test(text)) return text;
  let encoded = "";
  for (const byte of encodeText(text)) {
    const plain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    encoded += plain ? String.fromCharCode(byte) : `%${(byte + 0x100).toString(16).slice(1).toUpperCase()}`;
  }
  return encoded;
}

/** The message of a header. What is not percent-encoded as it should be stays as it is; this never fails. */
export function decodeMessage(text: string): string {
  if (!text.includes("%")) return text;
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const hex = text[i] === "%" ? /^[0-9A-Fa-f]{2}$/.exec(text.slice(i + 1, i + 3)) : null;
    if (hex === null) {
      bytes.push(text.charCodeAt(i) & 0xff);
    } else {
      bytes.push(Number.parseInt(hex[0], 16));
      i += 2;
    }
  }
  return decodeText(Uint8Array.from(bytes));
}

/** The status of a response that tells none: what its HTTP status means. */
export function statusOfHttp(httpStatus: string | undefined): RpcStatus {
  const code = httpCodes[httpStatus ?? ""] ?? Code.UNKNOWN;
  return failure(code, `the response has the HTTP status ${httpStatus ?? "–"} and no status of gRPC`);
}

const httpCodes: Readonly<Record<string, Code>> = {
  400: Code.INTERNAL,
  401: Code.UNAUTHENTICATED,
  403: Code.PERMISSION_DENIED,
  404: Code.UNIMPLEMENTED,
  429: Code.UNAVAILABLE,
  502: Code.UNAVAILABLE,
  503: Code.UNAVAILABLE,
  504: Code.UNAVAILABLE,
};

/** The status of a stream that ended without one: what its reset, or the loss of the connection, means. */
export function statusOfReset(code: number, cause: Error | undefined): RpcStatus {
  if (cause !== undefined) return statusOfLoss(cause);
  switch (code) {
    case ResetCode.REFUSED_STREAM:
      return failure(Code.UNAVAILABLE, "the server refused the call");
    case ResetCode.CANCEL:
      return failure(Code.CANCELLED, "the server cancelled the call");
    case ResetCode.ENHANCE_YOUR_CALM:
      return failure(Code.RESOURCE_EXHAUSTED, "the server asks for fewer calls");
    case ResetCode.INADEQUATE_SECURITY:
      return failure(Code.PERMISSION_DENIED, "the server finds the connection not secure enough");
    case ResetCode.NO_ERROR:
      return failure(Code.INTERNAL, "the server ended the call without a status");
    default:
      return failure(Code.INTERNAL, `the server reset the call with the code ${code} of HTTP/2`);
  }
}

/** A status of ours, without an error object behind it. */
export function failure(code: Code, message: string): RpcStatus {
  return { code, message, details: [], trailer: createMetadata() };
}
