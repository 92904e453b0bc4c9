import {
  attemptOf,
  Code,
  failedAnswer,
  formatTimeout,
  implementationOf,
  RpcError,
  trackCalls,
  type Codec,
  type MethodInfo,
  type RpcStatus,
  type Start,
  type Transport,
} from "../rpc/index.js";
import { planCalls, type ClientDialect, type StartCall } from "./client-call.js";
import { codecOf, type ClientMessageOptions } from "./codec.js";
import { acceptedEncodings, isKnownEncoding } from "./compression.js";
import { EnvelopeReader } from "./envelope.js";
import { metadataOf } from "./headers.js";
import { fieldOf, type HttpFields, type HttpSessions } from "./http.js";
import { limitsOf, type MessageOptions, type ResolvedLimits } from "./limits.js";
import { failure, statusOf, statusOfHttp } from "./status.js";

/** Calls over the connections of `sessions`, each method's in the way of `plan`; what is left of a transport beside them. */
export function createClient(
  id: string,
  sessions: HttpSessions,
  options: MessageOptions,
  plan: (method: MethodInfo, limits: ResolvedLimits) => StartCall,
): Transport {
  const underWay = trackCalls();
  const plans = new Map<MethodInfo, StartCall>();
  let closed = false;

  const planOf = (method: MethodInfo): StartCall => {
    let start = plans.get(method);
    if (start === undefined) plans.set(method, (start = plan(method, limitsOf(method.path, options))));
    return start;
  };

  const start: Start = (call, give) => {
    if (closed) return give(failedAnswer(new RpcError(Code.UNAVAILABLE, "the transport is closed")));
    const lifetime = attemptOf(call);
    if (lifetime.over) {
      return give(failedAnswer(lifetime.reason ?? new RpcError(Code.CANCELLED, "the call is over")));
    }
    underWay.add(lifetime);
    planOf(call.method)(call, lifetime, give);
  };

  return {
    id,
    call: implementationOf(start),
    async close(withinMs = 10_000) {
      closed = true;
      await underWay.drain(withinMs);
      sessions.close();
    },
  };
}

/** Calls of gRPC over the connections of `sessions`. */
export function createGrpcClient(id: string, sessions: HttpSessions, options: ClientMessageOptions): Transport {
  const dialect = createDialect(codecOf(options));
  return createClient(id, sessions, options, (method, limits) => planCalls(method, limits, sessions, dialect));
}

function createDialect(codec: Codec): ClientDialect {
  return {
    codec,
    headers: ({ compression }) => ({
      "content-type": `application/grpc+${codec.id}`,
      te: "trailers",
      "user-agent": "grpc-node-wirespan",
      "grpc-accept-encoding": acceptedEncodings,
      ...(compression === "gzip" ? { "grpc-encoding": "gzip" } : {}),
    }),
    endsInBody: false,
    timeout: "grpc-timeout",
    formatTimeout,
    read(fields, { limit, onMessage }) {
      const wrong = unacceptable(fields, codec.id);
      if (wrong !== undefined) return wrong;
      const compressed = readEncoding(fields, "grpc-encoding");
      const reader = new EnvelopeReader({ limit, compressed, onMessage });
      return {
        header: metadataOf(fields),
        push: (bytes) => reader.push(bytes),
        end(trailers) {
          if (trailers === undefined) return failure(Code.INTERNAL, "the response ended without trailers");
          const status = statusOf(trailers) ?? failure(Code.UNKNOWN, "the response ended without a status of gRPC");
          return status.code === Code.OK && !reader.atBoundary ? cutOff() : status;
        },
      };
    },
    failed: (fields) => statusOf(fields) ?? unacceptable(fields, codec.id) ?? statusOfHttp(fieldOf(fields, ":status")),
  };
}

/** True when a response may be compressed. @throws {RpcError} in an encoding that nobody here reads. */
export function readEncoding(fields: HttpFields, name: string): boolean {
  const encoding = fieldOf(fields, name) ?? "identity";
  if (isKnownEncoding(encoding)) return encoding !== "identity";
  throw new RpcError(Code.INTERNAL, `the server compresses with ${JSON.stringify(encoding.slice(0, 100))}`);
}

/** The status of a response that lacks a part of its last message. */
export function cutOff(): RpcStatus {
  return failure(Code.INTERNAL, "the response ended within a message");
}

/** What is wrong with a response that is none of gRPC in that codec. */
function unacceptable(fields: HttpFields, codec: string): RpcStatus | undefined {
  const httpStatus = fieldOf(fields, ":status");
  if (httpStatus !== "200") return statusOfHttp(httpStatus);
  const type = fieldOf(fields, "content-type") ?? "";
  const [, given = "proto"] = /^application\/grpc(?:\+([^;]*))?(?:;|$)/.exec(type) ?? [undefined, ""];
  if (given === codec) return undefined;
  return failure(
    type.startsWith("application/grpc+") ? Code.INTERNAL : Code.UNKNOWN,
    `the response has the content type ${JSON.stringify(type.slice(0, 100))}`,
  );
}
