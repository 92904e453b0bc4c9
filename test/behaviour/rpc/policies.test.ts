import { afterEach, describe, expect, test } from "vitest";
import { messages } from "../../../src/generators/messages/index.js";
import { rpc } from "../../../src/generators/rpc/index.js";
import { auth, bearer, clientChain, serverChain } from "../../../src/runtime/interceptors/index.js";
import {
  overridePolicies,
  type CallContext,
  type ClientOptions,
  type ImplementOptions,
  type Interceptor,
  type ServiceInfo,
  type ServiceRegistry,
  type Transport,
} from "../../../src/runtime/rpc/index.js";
import { createHttp2Server, createHttp2Transport } from "../../../src/runtime/transports/http2.js";
import { createMemoryTransport } from "../../../src/runtime/transports/memory.js";
import { emit } from "../../support/emit.js";
import { emittedModules } from "../../support/load-emitted.js";

const contract = `syntax = "proto3";
package shop.v1;
import "wirespan/options.proto";
service Shop {
  option (wirespan.options.v1.service) = {
    timeout: { seconds: 30 }
    auth: { scopes: "shop.read" }
    scopes: { name: "shop.read" }
  };
  rpc Find(Query) returns (Query) {
    option (wirespan.options.v1.method).timeout = { seconds: 5 };
  }
  rpc Watch(Query) returns (stream Query) {
    option (wirespan.options.v1.method).limit.rate = 10;
  }
}
message Query { string id = 1; }
`;

interface Query {
  readonly id: string;
}

interface ShopClient {
  find(request: Query): Promise<Query>;
  watch(request: Query): AsyncIterable<Query>;
}

interface Emitted {
  readonly Shop: ServiceInfo;
  readonly createShopClient: (transport: Transport, options?: ClientOptions) => ShopClient;
  readonly registerShop: (registry: ServiceRegistry, handler: object, options?: ImplementOptions) => void;
}

const { files, diagnostics } = await emit({ "shop.proto": contract }, [messages, rpc]);
expect(diagnostics).toEqual([]);
// what the emitted module exports, as its golden files show
const shop = (await emittedModules(files)("shop.rpc.ts")) as unknown as Emitted;

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const joined: readonly (readonly [string, (serve: (registry: ServiceRegistry) => void) => Promise<Transport>])[] = [
  [
    "memory",
    async (serve) => {
      const transport = createMemoryTransport();
      serve(transport);
      closing.push(() => transport.close());
      return transport;
    },
  ],
  [
    "http2",
    async (serve) => {
      const server = createHttp2Server();
      serve(server);
      const { address } = await server.listen("127.0.0.1:0");
      const transport = createHttp2Transport(address);
      closing.push(async () => {
        await transport.close();
        await server.close(1_000);
      });
      return transport;
    },
  ],
];

describe.each(joined)("F7: the contract's policies reach both ends over %s", (_, connect) => {
  test("merged, in the order of the chain, and as a program has changed them", async () => {
    const seen: string[] = [];
    const note =
      (name: string): Interceptor =>
      (call, next) => {
        const { timeoutMs, auth: rights } = call.method.policy;
        seen.push(`${call.context.side} ${name} ${call.method.name} ${timeoutMs} ${rights?.scopes?.join(" ")}`);
        return next(call);
      };
    const verify = (token: string): { user: string; scopes: readonly string[] } => ({
      user: `of ${token}`,
      scopes: ["shop.read"],
    });
    const policies = overridePolicies(shop.Shop, { find: { timeoutMs: 2_000 } });
    const handler = {
      find: (request: Query, context: CallContext & { readonly user: string }) => {
        const left = (context.deadline ?? 0) - Date.now();
        return { id: `${request.id} ${context.user} ${left > 1_000 && left <= 2_000}` };
      },
      async *watch(request: Query) {
        yield request;
      },
    };
    const layers = { rateLimit: note("rateLimit"), auth: auth({ verify }), validation: note("validation") };
    const chain = serverChain(shop.Shop, layers, { policies });
    const transport = await connect((registry) => shop.registerShop(registry, handler, { chain, policies }));
    const client = shop.createShopClient(transport, {
      chain: clientChain(shop.Shop, { auth: bearer("t"), retry: note("retry"), logging: note("logging") }),
    });
    expect(await client.find({ id: "1" })).toMatchObject({ id: "1 of t true" });
    for await (const answer of client.watch({ id: "2" })) expect(answer.id).toBe("2");
    expect(seen).toEqual([
      "client logging Find 5000 shop.read",
      "client retry Find 5000 shop.read",
      "server rateLimit Find 2000 shop.read",
      "server validation Find 2000 shop.read",
      "client logging Watch 30000 shop.read",
      "client retry Watch 30000 shop.read",
      "server rateLimit Watch 30000 shop.read",
      "server validation Watch 30000 shop.read",
    ]);
  });

  test("a server without the layers that the contract calls for does not start", () => {
    expect(() => serverChain(shop.Shop, {})).toThrow(
      /the contract of shop\.v1\.Shop calls for the layer (auth|rateLimit) in the server's chain/,
    );
  });
});
