import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { http } from "../../../src/generators/http/index.js";
import { messages } from "../../../src/generators/messages/index.js";
import { rpc } from "../../../src/generators/rpc/index.js";
import type { Clock } from "../../../src/runtime/context/index.js";
import {
  createGateway,
  type GatewayOptions,
  type GatewayResponse,
  type RouteSet,
} from "../../../src/runtime/gateway/index.js";
import type {
  Awaitable,
  CallContext,
  CallOptions,
  ClientOptions,
  LayerList,
  MessagesInput,
  MethodInfo,
  MethodPolicy,
  ServiceInfo,
  ServiceRegistry,
  Transport,
} from "../../../src/runtime/rpc/index.js";
import { createHttp2Server, createHttp2Transport } from "../../../src/runtime/transports/http2.js";
import { createMemoryTransport } from "../../../src/runtime/transports/memory.js";
import { emit } from "../../support/emit.js";
import { emittedModules } from "../../support/load-emitted.js";

/** What `orders.proto` becomes. */
export interface Order {
  id: string;
  total: bigint;
  lines: string[];
}

export interface GetOrderRequest {
  id: string;
  view: string;
}

export interface PlaceOrderRequest {
  intent: { requestId: string } | undefined;
  order: Order | undefined;
  labels: { [key: string]: string };
}

export interface PlaceOrderInit {
  intent?: { requestId?: string };
  order?: Partial<Order>;
  labels?: { [key: string]: string };
}

export interface OrdersClient {
  getOrder(request: Partial<GetOrderRequest>, options?: CallOptions): Promise<Order>;
  placeOrder(request: PlaceOrderInit, options?: CallOptions): Promise<Order>;
  watchOrder(request: Partial<GetOrderRequest>, options?: CallOptions): AsyncIterable<Order>;
  importOrders(requests: MessagesInput<PlaceOrderInit>, options?: CallOptions): Promise<Order>;
}

export interface OrdersHandler<C = {}> {
  readonly getOrder: (request: GetOrderRequest, context: CallContext & C) => Awaitable<Partial<Order>>;
  readonly placeOrder: (request: PlaceOrderRequest, context: CallContext & C) => Awaitable<Partial<Order>>;
  readonly watchOrder: (request: GetOrderRequest, context: CallContext & C) => AsyncIterable<Partial<Order>>;
  readonly importOrders: (
    requests: AsyncIterable<PlaceOrderRequest>,
    context: CallContext & C,
  ) => Awaitable<Partial<Order>>;
}

type MethodKey = keyof OrdersClient;

export interface EmittedOrders {
  readonly Orders: ServiceInfo & { readonly methods: Readonly<Record<MethodKey, MethodInfo>> };
  readonly createOrdersClient: (transport: Transport, options?: ClientOptions) => OrdersClient;
  readonly registerOrders: <C>(
    registry: ServiceRegistry,
    handler: Partial<OrdersHandler<C>>,
    options?: { readonly chain?: LayerList },
  ) => void;
  readonly ordersRoutes: (handler: object, options?: { readonly chain?: LayerList }) => RouteSet;
}

const proto = readFileSync(new URL("./orders.proto", import.meta.url), "utf8");

/** Emits the code of `orders.proto` and loads it, with policies as a contract may have them. */
export async function emitOrders(policies: Partial<Record<MethodKey, MethodPolicy>> = {}): Promise<EmittedOrders> {
  const { files, diagnostics } = await emit({ "orders.proto": proto }, [messages, rpc, http]);
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  const load = emittedModules(files);
  const loaded = { ...(await load("orders.rpc.ts")), ...(await load("orders.http.ts")) };
  // sound because this is what the generators make of the file, as their own tests show
  const emitted = loaded as unknown as EmittedOrders;
  for (const [key, policy] of Object.entries(policies)) {
    Object.assign(emitted.Orders.methods[key as MethodKey].policy, policy);
  }
  return emitted;
}

export interface OpenOrders {
  readonly client: OrdersClient;
  readonly transport: Transport;
  readonly failures: unknown[];
  /** Another client of the same server. */
  connect(options?: ClientOptions): OrdersClient;
  close(): Promise<void>;
}

export interface OpenOptions {
  readonly server?: LayerList;
  readonly chain?: LayerList;
}

/** Client and server of emitted code, in process and over HTTP/2. */
export const openOrders: readonly {
  readonly id: string;
  readonly open: <C>(
    emitted: EmittedOrders,
    handler: Partial<OrdersHandler<C>>,
    options?: OpenOptions,
  ) => Promise<OpenOrders>;
}[] = [
  {
    id: "memory",
    async open(emitted, handler, { server, chain } = {}) {
      const failures: unknown[] = [];
      const transport = createMemoryTransport({ onFailure: (cause) => failures.push(cause) });
      emitted.registerOrders(transport, handler, layersOf(server));
      const connect = (options?: ClientOptions): OrdersClient => emitted.createOrdersClient(transport, options);
      return { client: connect({ chain }), transport, failures, connect, close: () => transport.close(100) };
    },
  },
  {
    id: "http2",
    async open(emitted, handler, { server: layers, chain } = {}) {
      const failures: unknown[] = [];
      const server = createHttp2Server({ onFailure: (cause) => failures.push(cause) });
      emitted.registerOrders(server, handler, layersOf(layers));
      const { address } = await server.listen("127.0.0.1:0");
      const transport = createHttp2Transport(address);
      const connect = (options?: ClientOptions): OrdersClient => emitted.createOrdersClient(transport, options);
      const close = async (): Promise<void> => {
        await transport.close(100);
        await server.close(100);
      };
      return { client: connect({ chain }), transport, failures, connect, close };
    },
  },
];

function layersOf(chain: LayerList | undefined): { readonly chain?: LayerList } {
  return chain === undefined ? {} : { chain };
}

type Ask = (method: string, url: string, headers?: Record<string, string>, body?: unknown) => Promise<GatewayResponse>;

/** Requests through a gateway whose backend is the handler with its layers. */
export function throughGateway<C>(
  emitted: EmittedOrders,
  handler: Partial<OrdersHandler<C>>,
  chain: LayerList,
  options: Partial<GatewayOptions> = {},
): Ask {
  const gateway = createGateway({ routes: [emitted.ordersRoutes(handler, { chain })], ...options });
  return (method, url, headers = {}, body = undefined) =>
    gateway.handle({
      method,
      url,
      headers: body === undefined ? headers : { "content-type": "application/json", ...headers },
      body: body === undefined ? undefined : new TextEncoder().encode(JSON.stringify(body)),
    });
}

/** A clock that moves when told, and runs what is due then in order. */
export interface FakeClock extends Clock {
  advance(ms: number): void;
  /** Timers that are not due yet. */
  readonly armed: number;
}

export function fakeClock(start = 1_800_000_000_000): FakeClock {
  let now = start;
  const timers = new Set<{ readonly due: number; readonly run: () => void }>();
  return {
    now: () => now,
    after(delayMs, run) {
      const timer = { due: now + delayMs, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    advance(ms) {
      const end = now + ms;
      for (;;) {
        const [next] = [...timers].filter(({ due }) => due <= end).sort((a, b) => a.due - b.due);
        if (next === undefined) break;
        timers.delete(next);
        now = Math.max(now, next.due);
        next.run();
      }
      now = end;
    },
    get armed() {
      return timers.size;
    },
  };
}

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Lets everything go on that waits for nothing but promises of this process. */
export async function settled(turns = 20): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** What becomes true when a server, a timer or another process gets to it: soon, or on a busy machine later. */
export function eventually<T>(ask: () => T): ReturnType<typeof expect.poll<T>> {
  return expect.poll(ask, { timeout: 10_000, interval: 5 });
}
