export { Answer, answerOf, failedAnswer, implementationOf, okStatus, settle } from "./answer.js";
export type { Give, Start } from "./answer.js";
export {
  attemptInfo,
  callOfAttempt,
  isExpiredAttempt,
  isFirstAttempt,
  markExpiredAttempt,
  markUnseen,
  unseenOf,
} from "./attempt.js";
export type { Attempt, Unseen } from "./attempt.js";
export { ByteCollector } from "./byte-collector.js";
export { attemptOf, createCall, detachCall, lifetimeOf, nestedCall } from "./call.js";
export type { CallInit, DetachInit } from "./call.js";
export { chain, composeChain, serviceChain } from "./chain.js";
export { checkBytes, checkOneOf, showValue } from "./checks.js";
export { clientMethods, createServiceClient } from "./client.js";
export { createJsonCodec, protoCodec } from "./codec.js";
export type { Codec } from "./codec.js";
export { createDeclaredError, isDeclaredError } from "./declared.js";
export type { DeclaredError, DeclaredErrorOptions, ErrorDeclaration, ErrorMetadata } from "./declared.js";
export {
  decodeStatusDetails,
  detailOf,
  detailsOf,
  encodeStatusDetails,
  encodeStatusDetailsWithin,
  findDetail,
  retryInfoDelayOf,
  retryInfoDetail,
} from "./details.js";
export type { ErrorDetail, ErrorInfo, StatusDetails } from "./details.js";
export { Ending } from "./ending.js";
export { errorOfStatus, isRpcError, RpcError, statusOfError } from "./error.js";
export type { RpcErrorOptions } from "./error.js";
export { createIncomingReply } from "./incoming.js";
export type { IncomingReply, IncomingReplyInit } from "./incoming.js";
export { isUnaryInput, isUnaryOutput } from "./kinds.js";
export { createLayer, createMethodLayer, enterLayer, listenToLayers } from "./layers.js";
export type { Entered, LayerPlan } from "./layers.js";
export { earliest, isPast, Lifetime } from "./lifetime.js";
export {
  encodedMessage,
  failedMessages,
  mapMessages,
  messagesOf,
  oneMessage,
  readMessage,
  repeatable,
  takeOne,
} from "./messages.js";
export type { OneTaken } from "./messages.js";
export { appendMetadata, createMetadata } from "./metadata.js";
export type { Metadata } from "./metadata.js";
export { Pipe } from "./pipe.js";
export { overridePolicies } from "./policy-override.js";
export type { PolicyOverride, PolicyOverrides } from "./policy-override.js";
export type * from "./policy.js";
export { failedReply, okReply, pendingStatus, streamReply } from "./replies.js";
export { blamePeer, isFaultOfPeer, printFailure, reportFailure } from "./report.js";
export type { FailureListener } from "./report.js";
export { createSelector } from "./selectors.js";
export { sendRequests } from "./send.js";
export type { RequestSink } from "./send.js";
export { decodeRequest, serveCall } from "./serve.js";
export type { ReplySink } from "./serve.js";
export { implementService, servedCalls } from "./server.js";
export type { ImplementOptions } from "./server.js";
export { Code, codeName, codeOfName, codeOfNumber, httpStatusOf } from "./status.js";
export type { RpcStatus } from "./status.js";
export { throughTransport, transportOf } from "./target.js";
export { formatTimeout, parseTimeout } from "./timeout.js";
export type * from "./types.js";
export { afterGrace, trackCalls } from "./under-way.js";
export type { CallsUnderWay } from "./under-way.js";
export { createWrapper } from "./wrapper.js";
export type { LayerPlace, LayerWrap } from "./wrapper.js";
