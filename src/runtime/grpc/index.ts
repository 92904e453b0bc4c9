export { allocate, concat, decodeBase64, decodeText, encodeBase64, encodeText } from "./bytes.js";
export { planCalls, statusOfConnection, statusOfUnsent } from "./client-call.js";
export type { ClientDialect, ResponseInit, ResponseReader, StartCall } from "./client-call.js";
export { createClient, createGrpcClient, cutOff, readEncoding } from "./client.js";
export { checkClientMessages, codecOf } from "./codec.js";
export type { ClientMessageOptions } from "./codec.js";
export { acceptedEncodings, acceptsGzip, deflate, inflate, inflateRequest, isKnownEncoding } from "./compression.js";
export { encodeEnvelope, EnvelopeReader, EnvelopeWriter, prefixSize } from "./envelope.js";
export type { ByteSink, EnvelopeReaderInit, EnvelopeRules } from "./envelope.js";
export {
  addMetadata,
  appendFitting,
  decodeBytes,
  encodeBytes,
  fieldSize,
  isReserved,
  isSingleValue,
  metadataOf,
  trailerOf,
} from "./headers.js";
export { deaf, fieldOf, ResetCode } from "./http.js";
export type {
  HttpEvents,
  HttpFields,
  HttpHeaders,
  HttpProtocol,
  HttpServerStream,
  ResponseRest,
  HttpSession,
  HttpSessions,
  HttpStream,
} from "./http.js";
export { checkLimits, limitsOf, tooLarge } from "./limits.js";
export type { MessageLimits, MessageOptions, ResolvedLimits } from "./limits.js";
export { SingleInbox, StreamInbox } from "./messages.js";
export type { Inbox, InboxInit } from "./messages.js";
export { createMethodTable } from "./methods.js";
export type { MethodTable, ServedMethod } from "./methods.js";
export { codeOf, lineOf, opensslReason, reasonOf } from "./reasons.js";
export { grpcNames, readRequest, unknownEncoding } from "./request.js";
export type { Request, RequestNames } from "./request.js";
export { createGrpcProtocol, dispatch, refuse, serveEnvelopes } from "./server.js";
export type { ServerDialect } from "./server.js";
export {
  decodeMessage,
  encodeMessage,
  failure,
  fitTrailers,
  statusOf,
  statusOfHttp,
  statusOfReset,
  trailersOf,
} from "./status.js";
export { afterTurns } from "./turns.js";
export { awaitReader, forgetReader } from "./unread.js";
