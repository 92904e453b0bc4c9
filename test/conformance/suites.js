/**
 * The official suites with the number of cases that each has at the version we run. A run with fewer cases than stated
 * proves less than it seems to, and fails. `load` brings the runner: `run()` resolves to `{ [part]: { passed, failed, known } }`,
 * where `failed` and `known` (to fail) are lists of case names; a suite without it is not there yet.
 */
export const suites = {
  protobuf: {
    about: "protobuf conformance 33.2: binary and JSON, --enforce_recommended --maximum_edition 2023",
    parts: { "binary and JSON": 5567 },
    load: () => import("./protobuf/index.js"),
  },
  descriptors: {
    about: "every proto of googleapis: the model against buf's descriptors",
    parts: { googleapis: 7234 },
    load: () => import("./descriptors/index.js"),
  },
  fuzz: {
    about: "25 times the inputs of the fuzz tests: bytes, JSON and protos that nobody vouches for",
    parts: { tests: 32 },
    load: () => import("./fuzz/index.js"),
  },
  plugin: {
    about: "300 protos of googleapis: protoc and buf with our plugin write what the command writes, byte for byte",
    parts: { protoc: 300, "buf, strategy all": 300, "buf, strategy directory": 300 },
    load: () => import("./plugin/index.js"),
  },
  judges: {
    about: "good and bad contracts before protoc 36.2 and buf: what they accept and refuse is what verdicts.json says",
    parts: { contracts: 1113 },
    load: () => import("./judges/index.js"),
  },
  connect: {
    about:
      "connectrpc/conformance 1.0.6: gRPC, plain and with TLS; gRPC, gRPC-Web and Connect, both versions of HTTP and codecs",
    parts: {
      "grpc-js, gRPC, server": 374,
      "grpc-js, gRPC, client": 409,
      "grpc-js, gRPC with TLS, server": 570,
      "grpc-js, gRPC with TLS, client": 646,
      "http2, gRPC, server": 374,
      "http2, gRPC, client": 409,
      "http2, gRPC with TLS, server": 570,
      "http2, gRPC with TLS, client": 646,
      "http2, all protocols, server": 3640,
      "http2, all protocols, client": 4638,
      "fetch, gRPC-Web and Connect, client": 851,
    },
    load: () => import("./connect/index.js"),
  },
  "grpc-interop": {
    about: "the interop programs of grpc-go 1.85, both ways",
    parts: {
      "grpc-js, plain, their client, our server": 15,
      "grpc-js, plain, our client, their server": 15,
      "grpc-js, TLS, their client, our server": 15,
      "grpc-js, TLS, our client, their server": 15,
      "http2, plain, their client, our server": 15,
      "http2, plain, our client, their server": 15,
      "http2, TLS, their client, our server": 15,
      "http2, TLS, our client, their server": 15,
    },
    load: () => import("./grpc-interop/index.js"),
  },
  h2spec: {
    about: "h2spec 2.2.1 beside a server of bare node:http2: no case is worse",
    parts: { "our server": 145 },
    load: () => import("./h2spec/index.js"),
  },
  reflection: {
    about: "grpcurl 1.9.4 and buf curl at a server with reflection, without a schema",
    parts: { "grpc-js, grpcurl": 8, "grpc-js, buf curl": 8, "http2, grpcurl": 8, "http2, buf curl": 8 },
    load: () => import("./reflection/index.js"),
  },
  protovalidate: {
    about:
      "protovalidate conformance 1.2.2, --strict_message --strict_error: emitted validators of the suite's own rules",
    parts: { "standard rules, groups, kitchen sink": 1932, "CEL: library, predefined, custom": 940 },
    load: () => import("./protovalidate/index.js"),
  },
  "json-schema": {
    about: "JSON-Schema-Test-Suite, draft 7: emitted validators of its schemas as payloads",
    parts: { "draft 7": 927, "draft 7, optional": 113, "draft 7, formats": 676, "AsyncAPI's schema object": 927 },
    load: () => import("./json-schema/index.js"),
  },
};
