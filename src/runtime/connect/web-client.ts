import {
  acceptedEncodings,
  codecOf,
  createClient,
  cutOff,
  EnvelopeReader,
  failure,
  fieldOf,
  metadataOf,
  planCalls,
  readEncoding,
  statusOf,
  statusOfHttp,
  type ClientDialect,
  type ClientMessageOptions,
  type HttpFields,
  type HttpSessions,
} from "../grpc/index.js";
import { Code, formatTimeout, type RpcStatus, type Transport } from "../rpc/index.js";
import { decodeTrailers, trailersFlag } from "./web-trailers.js";

/** Calls of gRPC-Web over the connections of `sessions`. */
export function createGrpcWebClient(id: string, sessions: HttpSessions, options: ClientMessageOptions): Transport {
  const dialect = createDialect(options);
  return createClient(id, sessions, options, (method, limits) => planCalls(method, limits, sessions, dialect));
}

function createDialect(options: ClientMessageOptions): ClientDialect {
  const codec = codecOf(options);
  return {
    codec,
    headers: ({ compression }) => ({
      "content-type": `application/grpc-web+${codec.id}`,
      accept: `application/grpc-web+${codec.id}`,
      "x-grpc-web": "1",
      "x-user-agent": "grpc-web-wirespan",
      "grpc-accept-encoding": acceptedEncodings,
      ...(compression === "gzip" && acceptedEncodings !== "identity" ? { "grpc-encoding": "gzip" } : {}),
    }),
    endsInBody: true,
    timeout: "grpc-timeout",
    formatTimeout,
    read(fields, { limit, onMessage }) {
      const wrong = unacceptable(fields, codec.id);
      if (wrong !== undefined) return wrong;
      let trailers: HttpFields | undefined;
      let empty = true;
      const reader = new EnvelopeReader({
        limit,
        compressed: readEncoding(fields, "grpc-encoding"),
        onMessage,
        endFlag: trailersFlag,
        onEnd: (bytes) => (trailers = decodeTrailers(bytes)),
      });
      return {
        // with a status among them the headers are the trailers, unless a body follows
        header: fieldOf(fields, "grpc-status") === undefined ? metadataOf(fields) : undefined,
        push(bytes) {
          empty = false;
          reader.push(bytes);
        },
        end() {
          if (!reader.atBoundary) return cutOff();
          if (trailers !== undefined) return statusOf(trailers) ?? noStatus();
          return (
            (empty ? statusOf(fields) : undefined) ?? failure(Code.INTERNAL, "the response ended without trailers")
          );
        },
      };
    },
    failed: (fields) => unacceptable(fields, codec.id) ?? statusOf(fields) ?? noStatus(),
  };
}

function noStatus(): RpcStatus {
  return failure(Code.UNKNOWN, "the response ended without a status of gRPC");
}

/** What is wrong with a response that is none of gRPC-Web in that codec. */
function unacceptable(fields: HttpFields, codec: string): RpcStatus | undefined {
  const httpStatus = fieldOf(fields, ":status");
  if (httpStatus !== "200") return statusOfHttp(httpStatus);
  const type = fieldOf(fields, "content-type") ?? "";
  const [, given] = /^application\/grpc-web(?:\+([^;]+))?(?:;|$)/i.exec(type) ?? [];
  if (type.toLowerCase().startsWith("application/grpc-web") && (given ?? "proto") === codec) return undefined;
  return failure(
    given === undefined ? Code.UNKNOWN : Code.INTERNAL,
    `the response has the content type ${JSON.stringify(type.slice(0, 100))}`,
  );
}
