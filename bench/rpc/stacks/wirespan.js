// Ours, through the generated client and server, as a service runs: every call has a deadline, a context and a trace.
import { deadline, recovery, tracing } from "@wirespan/runtime/interceptors";
import { emitted, readBytes } from "../build.js";
import { chatOver, countOf } from "./chat.js";
import { inTurns } from "./index.js";

const transports = {
  http2: async () => {
    const { createHttp2Server, createHttp2Transport } = await import("@wirespan/runtime/transports/http2");
    return { createServer: createHttp2Server, createTransport: createHttp2Transport };
  },
  "grpc-js": async () => {
    const { createGrpcJsServer, createGrpcJsTransport } = await import("@wirespan/runtime/transports/grpc-js");
    return { createServer: createGrpcJsServer, createTransport: createGrpcJsTransport };
  },
};

/** The stack on a transport. */
export async function create(transport) {
  const { createServer, createTransport } = await transports[transport]();
  const [{ callsChain, createCallsClient, registerCalls }, { Order }] = await Promise.all([
    emitted("wirespan/calls.rpc.js"),
    emitted("wirespan/calls.pb.js"),
  ]);
  const bytes = await readBytes();
  const orders = Object.fromEntries(Object.entries(bytes).map(([size, all]) => [size, all.map(Order.decode)]));
  const next = inTurns(orders);
  const layers = () =>
    callsChain()
      .use(recovery())
      .use(tracing())
      .use(deadline({ defaultMs: 30_000 }));

  return {
    orders,
    createTransport,
    async serve() {
      const state = { calls: 0, sent: 0, cancelledAt: 0 };
      const server = createServer();
      registerCalls(server, createHandler(next, state), { chain: layers() });
      const { port } = await server.listen("127.0.0.1:0");
      return { port, state };
    },
    connect(target) {
      const client = createCallsClient(createTransport(target), { chain: layers() });
      return {
        client,
        echo: (order) => client.echo(order),
        watch: (count, size) => countOf(client.watch({ count, size })),
        chat: () => chatOver((requests) => client.chat(requests)),
      };
    },
  };
}

/**
 * `state` tells how many unary calls there were, how many orders were sent, and when a caller went away, on the
 * machine's monotonic clock.
 */
export function createHandler(next, state = { calls: 0, sent: 0, cancelledAt: 0 }) {
  return {
    echo: (order) => {
      state.calls++;
      return order;
    },
    async *watch({ count, size }, { signal }) {
      state.sent = 0;
      const cancelled = () => (state.cancelledAt = Number(process.hrtime.bigint()) / 1e6);
      signal.addEventListener("abort", cancelled, { once: true });
      try {
        for (let i = 0; i < count; i++) {
          state.sent++;
          yield next(size, i);
        }
      } finally {
        signal.removeEventListener("abort", cancelled);
      }
    },
    chat: (orders) => orders,
    wait: (_, { signal }) => untilAborted(signal),
    ignore: (_, { signal }) => untilAborted(signal),
  };
}

function untilAborted(signal) {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
}
