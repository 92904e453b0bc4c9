// connect-node speaking gRPC over HTTP/2 in plain text, with protobuf-es messages.
import { createServer } from "node:http2";
import { fromBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { connectNodeAdapter, createGrpcTransport } from "@connectrpc/connect-node";
import { emitted, readBytes } from "../build.js";
import { chatOver, countOf } from "./chat.js";
import { inTurns } from "./index.js";

/** The stack. */
export async function create() {
  const { Calls, OrderSchema } = await emitted("protobuf-es/calls_pb.js");
  const bytes = await readBytes();
  const orders = Object.fromEntries(
    Object.entries(bytes).map(([size, all]) => [size, all.map((one) => fromBinary(OrderSchema, one))]),
  );
  const next = inTurns(orders);

  return {
    orders,
    async serve() {
      const routes = (router) =>
        router.service(Calls, {
          echo: (order) => order,
          async *watch({ count, size }) {
            for (let i = 0; i < count; i++) yield next(size, i);
          },
          async *chat(requests) {
            for await (const order of requests) yield order;
          },
        });
      const server = createServer(connectNodeAdapter({ routes }));
      await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
      return { port: server.address().port };
    },
    connect(target) {
      const client = createClient(Calls, createGrpcTransport({ baseUrl: `http://${target}` }));
      return {
        echo: (order) => client.echo(order),
        watch: (count, size) => countOf(client.watch({ count, size })),
        chat: () => chatOver((requests) => client.chat(requests)),
      };
    },
  };
}
