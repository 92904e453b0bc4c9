import {
  acceptedEncodings,
  concat,
  encodeEnvelope,
  grpcNames,
  serveEnvelopes,
  trailersOf,
  type HttpProtocol,
  type MethodTable,
  type ServerDialect,
} from "../grpc/index.js";
import { createJsonCodec, protoCodec, type Codec, type FailureListener } from "../rpc/index.js";
import type { TypeRegistry } from "../wire/index.js";
import { TextStream } from "./web-text.js";
import { encodeTrailers, trailersFlag } from "./web-trailers.js";

const pattern = /^application\/grpc-web(-text)?(?:\+(proto|json))?(;|$)/;

/** gRPC-Web for a server, binary and as text, over any version of HTTP. */
export function createGrpcWebProtocol(
  methods: MethodTable,
  onFailure: FailureListener,
  registry?: TypeRegistry,
): HttpProtocol {
  const json = createJsonCodec(registry);
  const dialects: Readonly<Record<string, ServerDialect>> = {
    proto: createDialect("application/grpc-web+proto", protoCodec),
    json: createDialect("application/grpc-web+json", json),
    "-textproto": createDialect("application/grpc-web-text+proto", protoCodec),
    "-textjson": createDialect("application/grpc-web-text+json", json),
  };
  return {
    types: ["application/grpc-web", "application/grpc-web+json", "application/grpc-web-text"],
    accepts: (contentType) => pattern.test(contentType),
    serve(stream, contentType) {
      const [, text = "", codec = "proto"] = pattern.exec(contentType) ?? [];
      const dialect = dialects[`${text}${codec}`];
      if (dialect !== undefined) {
        serveEnvelopes(text === "" ? stream : new TextStream(stream), methods, dialect, onFailure);
      }
    },
  };
}

function createDialect(contentType: string, codec: Codec): ServerDialect {
  const headers = { ":status": "200", "content-type": contentType };
  return {
    ...grpcNames,
    codec,
    headers,
    gzipHeaders: { ...headers, "grpc-encoding": "gzip", "grpc-accept-encoding": acceptedEncodings },
    // a status in the body is seen whatever headers a browser shows to the page
    failed: undefined,
    rest: "data",
    end(stream, last, status) {
      const trailers = encodeEnvelope(trailersFlag, encodeTrailers(trailersOf(status)));
      stream.end(last === undefined ? trailers : concat([last, trailers]));
    },
  };
}
