import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Tracer } from "@wirespan/runtime/context";
import { createGateway, toNodeListener } from "@wirespan/runtime/gateway";
import { tracing } from "@wirespan/runtime/interceptors";
import { createHttp2Transport } from "@wirespan/runtime/transports/http2";
import { userServiceRoutes } from "./gen/acme/users/v1/users.http.js";
import { createUserServiceClient, userServiceChain } from "./gen/acme/users/v1/users.rpc.js";
import type { Running } from "./running.js";

export interface GatewayProgramOptions {
  readonly port: number;
  /** Address of the user service, `127.0.0.1:50051`. */
  readonly users: string;
  readonly tracer: Tracer;
  /** Pages to serve: `{ "/docs": html }`. */
  readonly documents: Readonly<Record<string, string>>;
}

/** The gateway: REST in, gRPC out. */
export async function startGateway({
  port,
  users,
  tracer,
  documents,
}: GatewayProgramOptions): Promise<Running & { readonly port: number }> {
  const transport = createHttp2Transport(users);
  const client = createUserServiceClient(transport, { chain: userServiceChain().use(tracing({ tracer })) });
  const gateway = createGateway({ routes: [userServiceRoutes(client)], documents, tracer });
  const server = createServer(toNodeListener(gateway));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      // requests under way may end; a client that never does is not waited for
      const patience = setTimeout(() => server.closeAllConnections(), 10_000);
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      });
      clearTimeout(patience);
      await transport.close();
    },
  };
}
