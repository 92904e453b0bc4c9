// grpc-js with ts-proto's services, used as its documentation says.
import { credentials, Server, ServerCredentials } from "@grpc/grpc-js";
import { emitted, readBytes } from "../build.js";
import { inTurns } from "./index.js";

/** The stack. */
export async function create() {
  const { CallsClient, CallsService, Order } = await emitted("ts-proto/calls.js");
  const bytes = await readBytes();
  const orders = Object.fromEntries(
    Object.entries(bytes).map(([size, all]) => [size, all.map((one) => Order.decode(one))]),
  );
  const next = inTurns(orders);

  return {
    orders,
    async serve() {
      const server = new Server();
      server.addService(CallsService, {
        echo: (call, callback) => callback(null, call.request),
        watch: (call) => {
          const { count, size } = call.request;
          let i = 0;
          const write = () => {
            while (i < count) if (!call.write(next(size, i++))) return call.once("drain", write);
            call.end();
          };
          write();
        },
        chat: (call) => {
          call.on("data", (order) => call.write(order));
          call.on("end", () => call.end());
        },
        wait: () => {},
        ignore: () => {},
      });
      const port = await new Promise((resolve, reject) => {
        const done = (error, bound) => (error === null ? resolve(bound) : reject(error));
        server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), done);
      });
      return { port };
    },
    connect(target) {
      const client = new CallsClient(target, credentials.createInsecure());
      return {
        echo: (order) =>
          new Promise((resolve, reject) => {
            client.echo(order, (error, answer) => (error === null ? resolve(answer) : reject(error)));
          }),
        watch: (count, size) =>
          new Promise((resolve, reject) => {
            let received = 0;
            client
              .watch({ count, size })
              .on("data", () => received++)
              .on("error", reject)
              .on("end", () => resolve(received));
          }),
        chat: () => {
          const call = client.chat();
          let answered;
          let failed;
          call.on("data", (order) => answered(order)).on("error", (error) => failed(error));
          return {
            send: (order) =>
              new Promise((resolve, reject) => {
                [answered, failed] = [resolve, reject];
                call.write(order);
              }),
            end: () =>
              new Promise((resolve, reject) => {
                failed = reject;
                call.once("end", resolve);
                call.end();
              }),
          };
        },
      };
    },
  };
}
