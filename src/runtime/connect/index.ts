export { createConnectClient } from "./client.js";
export { createCors } from "./cors.js";
export type { Cors, CorsOptions } from "./cors.js";
export type { ConnectClientOptions } from "./options.js";
export { createConnectProtocol } from "./server.js";
export { createGrpcWebClient } from "./web-client.js";
export { createGrpcWebProtocol } from "./web-server.js";
