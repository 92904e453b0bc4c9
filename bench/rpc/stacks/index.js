// One adapter per stack. It resolves to
//   orders       by size, decoded with the stack's own codec
//   serve()      → { port, state }: the server; `state` is what the server side of probes tells
//   connect(port) → { echo(order), watch(count, size), chat(), … }
// where `watch` resolves to the number of orders that came, and `chat` to { send(order) → the answer, end() }.

const adapters = {
  wirespan: () => import("./wirespan.js").then(({ create }) => create("http2")),
  "wirespan on grpc-js": () => import("./wirespan.js").then(({ create }) => create("grpc-js")),
  "grpc-js": () => import("./grpc-js.js").then(({ create }) => create()),
  "nice-grpc": () => import("./nice-grpc.js").then(({ create }) => create()),
  "connect-node": () => import("./connect-node.js").then(({ create }) => create()),
  "fastify JSON": () => import("./fastify.js").then(({ create }) => create()),
};

/** The stack of a name. */
export function loadStack(name) {
  return adapters[name]();
}

/** Which orders a server sends next: of each size in turns. */
export function inTurns(orders) {
  return (size, i) => orders[size][i % orders[size].length];
}
