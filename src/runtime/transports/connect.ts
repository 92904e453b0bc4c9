export type { ConnectClientOptions } from "../connect/index.js";
export type { ClientMessageOptions, MessageLimits } from "../grpc/index.js";
export { createConnectTransport, createGrpcWebTransport } from "./connect/client.js";
export type { ConnectTransportOptions, GrpcWebTransportOptions } from "./connect/client.js";
