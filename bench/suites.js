/** What can be measured. A suite whose `load` is missing has no entries yet, and running it fails. */
export const suites = {
  codec: {
    about: "encode, decode and JSON against protobufjs, protobuf-es, ts-proto and Go",
    load: () => import("./codec/index.js"),
  },
  generate: { about: "contracts to files against protoc-gen-es", load: () => import("./generate/index.js") },
  rpc: {
    about: "calls and streams against grpc-js, nice-grpc, connect-node, Fastify JSON and grpc-go",
    load: () => import("./rpc/index.js"),
  },
  queue: {
    about: "publish and consume against the raw broker clients, payload codecs against ajv, @msgpack/msgpack and avsc",
    load: () => import("./queue/index.js"),
  },
  gateway: { about: "REST onto methods against bare node:http" },
};
