import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createMemoryBroker } from "../../../src/runtime/brokers/memory.js";
import { ambient } from "../../../src/runtime/context/index.js";
import { createGateway, toNodeListener, type HttpRoute } from "../../../src/runtime/gateway/index.js";
import { auth, bearer, tracing } from "../../../src/runtime/interceptors/index.js";
import { consume, jsonPayload, publish, shape, type ChannelInfo } from "../../../src/runtime/queue/index.js";
import {
  chain,
  clientMethods,
  codeName,
  createServiceClient,
  implementService,
  isRpcError,
  type CallContext,
} from "../../../src/runtime/rpc/index.js";
import { createGrpcJsServer, createGrpcJsTransport } from "../../../src/runtime/transports/grpc-js.js";
import { createHttp2Server, createHttp2Transport } from "../../../src/runtime/transports/http2.js";
import { Echo, echo, type EchoClient, type EchoHandler, type Note } from "./echo.js";

// One process of a chain of three: a front with a gateway, a service in the middle that also publishes, and a leaf
// that tells what reached it. Nothing is passed on by hand.
const [role, next = ""] = process.argv.slice(2);

type User = { readonly user: string; readonly token: string };
const layers = chain()
  .use(tracing())
  .use(auth({ verify: (token): User => ({ user: token.toUpperCase(), token }) }));
const server = role === "leaf" ? createGrpcJsServer() : createHttp2Server();

/** What has come as far as here, as text. */
function told({ metadata, deadline }: CallContext, { user }: User): string {
  const header = (name: string): string | undefined => metadata.get(name);
  const trace = [header("traceparent"), header("tracestate"), header("baggage")];
  return JSON.stringify({ user, deadline, trace, pid: process.pid });
}

if (role === "leaf") {
  const answer = async ({ text }: Note, context: CallContext & User): Promise<{ text: string }> => {
    if (text !== "wait") return { text: told(context, context) };
    console.log("waiting");
    await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
    const { reason } = context.signal as { reason: unknown };
    console.log(`over ${isRpcError(reason) ? codeName(reason.code) : String(reason)}`);
    throw reason;
  };
  const handler: EchoHandler<User> = {
    say: answer,
    async *split(note, context) {
      yield answer(note, context);
    },
    async join(notes, context) {
      for await (const note of notes) return answer(note, context);
      return {};
    },
    async *chat(notes, context) {
      for await (const note of notes) yield answer(note, context);
    },
  };
  server.register(Echo, implementService(Echo, handler, { chain: layers }));
} else {
  const transport = role === "middle" ? createGrpcJsTransport(next) : createHttp2Transport(next);
  const token = (): string => (ambient().identity as User).token;
  const client = createServiceClient<EchoClient>(Echo, transport, { chain: chain().use(tracing()).use(bearer(token)) });
  const handler: EchoHandler = {
    say: (note) => client.say(note),
    async *split(note) {
      await Promise.resolve();
      yield* client.split(note);
    },
    join: (notes) => client.join(notes),
    async *chat(notes) {
      for await (const note of client.chat(notes)) yield note;
    },
  };
  const published = role === "middle" ? await publisher() : undefined;
  const both: EchoHandler = {
    ...echo,
    ...handler,
    async say(note) {
      const answer = await client.say(note);
      return published === undefined
        ? answer
        : { text: JSON.stringify({ leaf: answer.text, event: await published() }) };
    },
  };
  server.register(Echo, implementService(Echo, both, { chain: layers }));
}

/** Publishes in the handler's context and gives the headers that a consumer gets. */
async function publisher(): Promise<() => Promise<unknown>> {
  const channel: ChannelInfo<{ n: number }> = {
    id: "said",
    address: "said",
    message: jsonPayload("Said", shape.object({ required: { n: shape.integer() } })),
    contentType: "application/json",
    bindings: {},
    consumer: { group: "g" },
  };
  const broker = createMemoryBroker();
  let deliver: (headers: unknown) => void = () => {};
  await consume(broker, channel, async (_, delivery) => deliver(delivery.headers));
  return async () => {
    const delivered = new Promise((resolve) => (deliver = resolve));
    await publish(broker, channel, { n: 1 });
    return delivered;
  };
}

const { port } = await server.listen("127.0.0.1:0");
if (role === "front") {
  const say: HttpRoute = {
    method: "Say",
    verb: "POST",
    path: "/say",
    body: "*",
  };
  const client = createServiceClient<EchoClient>(Echo, createHttp2Transport(next));
  const gateway = createGateway({
    routes: [{ service: Echo, routes: [say], methods: clientMethods(client) ?? new Map() }],
  });
  const http = createServer(toNodeListener(gateway));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  console.log(`http ${(http.address() as AddressInfo).port}`);
}
console.log(`port ${port}`);
