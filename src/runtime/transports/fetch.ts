export type { ConnectClientOptions } from "../connect/index.js";
export type { ClientMessageOptions, MessageLimits } from "../grpc/index.js";
export { createConnectTransport, createGrpcWebTransport } from "./fetch/client.js";
export type { FetchConnectOptions, FetchGrpcWebOptions } from "./fetch/client.js";
export type { Fetch, FetchResponse } from "./fetch/sessions.js";
