import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Metrics } from "@wirespan/runtime/interceptors";
import type { Running } from "./running.js";

/** `GET /metrics` for Prometheus, on a port of its own that the outside does not see. */
export async function startMetrics(port: number, meter: Metrics): Promise<Running & { readonly port: number }> {
  const server = createServer((request, response) => {
    if (request.url !== "/metrics") return void response.writeHead(404).end();
    response.writeHead(200, { "content-type": meter.contentType }).end(meter.prometheus());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
