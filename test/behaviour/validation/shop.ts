import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { http } from "../../../src/generators/http/index.js";
import { messages } from "../../../src/generators/messages/index.js";
import { rpc } from "../../../src/generators/rpc/index.js";
import type { RouteSet } from "../../../src/runtime/gateway/index.js";
import type { Validator } from "../../../src/runtime/validate/index.js";
import type { ClientOptions, ServeOptions, ServiceRegistry, Transport } from "../../../src/runtime/rpc/index.js";
import { emit } from "../../support/emit.js";
import { emittedModules } from "../../support/load-emitted.js";

const folder = fileURLToPath(new URL("../../../fixtures/messages-validation/input/shop/v1/", import.meta.url));

export interface ShopClient {
  placeOrder(order: object): Promise<{ readonly id: string }>;
  placeOrders(orders: Iterable<object> | AsyncIterable<object>): Promise<{ readonly id: string }>;
}

/** What the fixture `messages-validation` becomes, as far as these tests use it. */
export interface Shop {
  readonly validateOrder: Validator<object>;
  readonly validators: readonly Validator<never>[];
  readonly createClient: (transport: Transport, options?: ClientOptions) => ShopClient;
  readonly register: (registry: ServiceRegistry, handler: object, options?: ServeOptions<{}>) => void;
  readonly routes: (backend: object, options?: object) => RouteSet;
  readonly files: ReadonlyMap<string, string>;
}

export async function emitShop(): Promise<Shop> {
  const read = (name: string): string => readFileSync(`${folder}${name}.proto`, "utf8");
  const order = read("order")
    .replace('import "buf/', 'import "google/api/annotations.proto";\nimport "buf/')
    .replace(
      "rpc PlaceOrder(Order) returns (OrderId);",
      'rpc PlaceOrder(Order) returns (OrderId) { option (google.api.http) = {post: "/orders" body: "*"}; }',
    );
  const sources = { "order.proto": order, "shop/v1/plain.proto": read("plain"), "shop/v1/rules.proto": read("rules") };
  const { files, diagnostics } = await emit(sources, [messages, rpc, http]);
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join("\n"));
  const load = emittedModules(files);
  const validate = await load("order.validate.ts");
  const calls = await load("order.rpc.ts");
  const gateway = await load("order.http.ts");
  return {
    validateOrder: validate["validateOrder"] as Shop["validateOrder"],
    validators: validate["orderServiceValidators"] as Shop["validators"],
    createClient: calls["createOrderServiceClient"] as Shop["createClient"],
    register: calls["registerOrderService"] as Shop["register"],
    routes: gateway["orderServiceRoutes"] as Shop["routes"],
    files,
  };
}

/** An order that keeps every rule. */
export const good = {
  id: "123e4567-e89b-12d3-a456-426614174000",
  customer: "ada-1",
  items: [{ sku: "sku-1", kind: 1, weight: 0.1, count: 2 }],
  placedAt: { seconds: 1_000n },
  note: "HELLO",
  payment: { case: "card", value: "4111111111111111" },
  coupon: "C-7",
  tags: ["new", "heavy"],
  signature: Uint8Array.of(1, 2, 3),
  offset: 11,
} as const;
