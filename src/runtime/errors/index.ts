import { createRegistry, type TypeRegistry } from "../wire/index.js";
import {
  BadRequest,
  DebugInfo,
  ErrorInfo,
  Help,
  LocalizedMessage,
  PreconditionFailure,
  QuotaFailure,
  RequestInfo,
  ResourceInfo,
  RetryInfo,
} from "./google/rpc/error_details.pb.js";

export * from "./google/rpc/error_details.pb.js";
export * from "./google/rpc/status.pb.js";

/** The details that errors have in common, `google/rpc/error_details.proto`, by name. */
export const errorDetails: TypeRegistry = createRegistry(
  ErrorInfo,
  RetryInfo,
  DebugInfo,
  QuotaFailure,
  PreconditionFailure,
  BadRequest,
  RequestInfo,
  ResourceInfo,
  Help,
  LocalizedMessage,
);
