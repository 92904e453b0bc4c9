/**
 * The official suites with the number of cases that each has at the version we run. A run with fewer cases than stated
 * proves less than it seems to, and fails. `load` brings the runner: `run()` resolves to `{ [part]: { passed, failed, known } }`,
 * where `failed` and `known` (to fail) are lists of case names; a suite without it is not there yet.
 */
export const suites = {
  protobuf: {
    about: "protobuf conformance 33.2: binary and JSON, --enforce_recommended --maximum_edition 2023",
    parts: { "binary and JSON": 5567 },
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
