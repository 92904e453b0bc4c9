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
    about: "connectrpc/conformance 1.0.6: gRPC over h2c, proto codec, identity and gzip",
    parts: { server: 374, client: 409 },
  },
  "grpc-interop": {
    about: "the interop programs of grpc-go 1.85, both ways",
    parts: { "their client, our server": 15, "our client, their server": 15 },
  },
  protovalidate: {
    about: "protovalidate conformance 1.2.2",
    parts: { rules: 2872 },
  },
};
