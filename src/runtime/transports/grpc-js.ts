export { createGrpcJsTransport } from "./grpc-js/client.js";
export type { GrpcJsTransportOptions } from "./grpc-js/client.js";
export { createGrpcJsServer } from "./grpc-js/server.js";
export type { GrpcJsServer, GrpcJsServerOptions } from "./grpc-js/server.js";
