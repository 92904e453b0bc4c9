import {
  acceptedEncodings,
  cutOff,
  EnvelopeReader,
  failure,
  fieldOf,
  metadataOf,
  readEncoding,
  statusOfHttp,
  type ClientDialect,
  type HttpFields,
} from "../grpc/index.js";
import { Code, type Codec, type RpcStatus } from "../rpc/index.js";
import { decodeEndOfStream } from "./errors.js";
import { formatTimeout, protocolVersion, streamNames } from "./names.js";
import { endFlag } from "./stream-server.js";

/** Streams of Connect, for a client. */
export function createStreamDialect(codec: Codec, userAgent: string | undefined): ClientDialect {
  return {
    codec,
    headers: ({ compression }) => ({
      "content-type": `application/connect+${codec.id}`,
      "connect-protocol-version": protocolVersion,
      "connect-accept-encoding": acceptedEncodings,
      ...(compression === "gzip" && acceptedEncodings !== "identity" ? { "connect-content-encoding": "gzip" } : {}),
      ...(userAgent === undefined ? {} : { "user-agent": userAgent }),
    }),
    endsInBody: true,
    timeout: streamNames.timeout,
    formatTimeout,
    read(fields, { limit, onMessage }) {
      const wrong = unacceptable(fields, codec.id);
      if (wrong !== undefined) return wrong;
      let status: RpcStatus | undefined;
      const reader = new EnvelopeReader({
        limit,
        compressed: readEncoding(fields, streamNames.encoding),
        onMessage,
        endFlag,
        onEnd: (bytes) =>
          (status = decodeEndOfStream(bytes) ?? failure(Code.INTERNAL, "the end of the stream is malformed")),
      });
      return {
        header: metadataOf(fields),
        push: (bytes) => reader.push(bytes),
        end() {
          if (!reader.atBoundary) return cutOff();
          return status ?? failure(Code.INTERNAL, "the response ended without an end of the stream");
        },
      };
    },
    failed: (fields) =>
      unacceptable(fields, codec.id) ?? failure(Code.INTERNAL, "the response ended without an end of the stream"),
  };
}

/** What is wrong with a response that is no stream of Connect in that codec. */
function unacceptable(fields: HttpFields, codec: string): RpcStatus | undefined {
  const httpStatus = fieldOf(fields, ":status");
  if (httpStatus !== "200") return statusOfHttp(httpStatus);
  return wrongType(fields, "application/connect+", codec);
}

/** What is wrong with the content type of a response that should have that beginning, and that codec behind it. */
export function wrongType(fields: HttpFields, beginning: string, codec: string): RpcStatus | undefined {
  const type = fieldOf(fields, "content-type") ?? "";
  const plain = (type.split(";")[0] ?? "").trim().toLowerCase();
  if (plain === beginning + codec) return undefined;
  const related = plain === `${beginning}proto` || plain === `${beginning}json`;
  const text = `the response has the content type ${JSON.stringify(type.slice(0, 100))}`;
  return failure(related ? Code.INTERNAL : Code.UNKNOWN, text);
}
