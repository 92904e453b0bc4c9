// nice-grpc with ts-proto's definitions.
import { createChannel, createClient, createServer } from "nice-grpc";
import { emitted, readBytes } from "../build.js";
import { chatOver, countOf } from "./chat.js";
import { inTurns } from "./index.js";

/** The stack. */
export async function create() {
  const { CallsDefinition, Order } = await emitted("ts-proto/calls.js");
  const bytes = await readBytes();
  const orders = Object.fromEntries(
    Object.entries(bytes).map(([size, all]) => [size, all.map((one) => Order.decode(one))]),
  );
  const next = inTurns(orders);

  return {
    orders,
    async serve() {
      const server = createServer();
      server.add(CallsDefinition, {
        echo: async (order) => order,
        async *watch({ count, size }) {
          for (let i = 0; i < count; i++) yield next(size, i);
        },
        async *chat(requests) {
          for await (const order of requests) yield order;
        },
        wait: () => new Promise(() => {}),
        ignore: () => new Promise(() => {}),
      });
      return { port: await server.listen("127.0.0.1:0") };
    },
    connect(target) {
      const client = createClient(CallsDefinition, createChannel(target));
      return {
        echo: (order) => client.echo(order),
        watch: (count, size) => countOf(client.watch({ count, size })),
        chat: () => chatOver((requests) => client.chat(requests)),
      };
    },
  };
}
