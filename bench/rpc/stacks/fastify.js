// JSON over HTTP/1.1: Fastify with a response schema, called by undici with as many connections as calls in flight.
import fastify from "fastify";
import { Pool } from "undici";
import { emitted, readBytes } from "../build.js";

const text = { type: "string" };
const number = { type: "number" };
const integer = { type: "integer" };
const item = {
  type: "object",
  properties: { sku: text, title: text, quantity: integer, price: number, productId: integer },
};
const order = {
  type: "object",
  properties: {
    orderId: text,
    customerId: integer,
    items: { type: "array", items: item },
    labels: { type: "object", additionalProperties: text },
    total: number,
    express: { type: "boolean" },
  },
};

/** The stack; it knows unary calls only. */
export async function create() {
  const { Order } = await emitted("ts-proto/calls.js");
  const bytes = await readBytes();
  const plain = (one) => {
    const { customerId, items, ...rest } = Order.decode(one);
    // its users have numbers
    const lines = items.map(({ productId, ...others }) => ({ ...others, productId: Number(productId) }));
    return { ...rest, customerId: Number(customerId), items: lines };
  };
  const orders = Object.fromEntries(Object.entries(bytes).map(([size, all]) => [size, all.map(plain)]));

  return {
    orders,
    async serve() {
      const app = fastify();
      app.post("/echo", { schema: { response: { 200: order } } }, async ({ body }) => body);
      await app.listen({ host: "127.0.0.1", port: 0 });
      return { port: app.server.address().port };
    },
    connect(target) {
      const pool = new Pool(`http://${target}`, { connections: 64 });
      return {
        async echo(order) {
          const { statusCode, body } = await pool.request({
            method: "POST",
            path: "/echo",
            headers: { "content-type": "application/json" },
            body: JSON.stringify(order),
          });
          const answer = await body.json();
          if (statusCode !== 200) throw new Error(JSON.stringify(answer));
          return answer;
        },
      };
    },
  };
}
