import { readFileSync } from "node:fs";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { http } from "../../../src/generators/http/index.js";
import { messages } from "../../../src/generators/messages/index.js";
import { rest } from "../../../src/generators/rest/index.js";
import { rpc } from "../../../src/generators/rpc/index.js";
import type { ValueForms } from "../../../src/model/index.js";
import { ambient } from "../../../src/runtime/context/index.js";
import { type Gateway, type RouteOptions, type RouteSet, toNodeListener } from "../../../src/runtime/gateway/index.js";
import type { RestCallOptions, RestClientOptions } from "../../../src/runtime/rest/index.js";
import {
  type CallContext,
  Code,
  RpcError,
  type ServiceRegistry,
  type Transport,
} from "../../../src/runtime/rpc/index.js";
import { emit } from "../../support/emit.js";
import { emittedModules } from "../../support/load-emitted.js";

/** What `users.proto` becomes, as far as these tests use it. */
export interface User {
  readonly id: string;
  readonly name: string;
  readonly tags: readonly string[];
  readonly logins: bigint;
}

export interface RestUsers {
  createUser(request: object, options?: RestCallOptions): Promise<User>;
  getUser(request: object, options?: RestCallOptions): Promise<User>;
  deleteUser(request: object, options?: RestCallOptions): Promise<object>;
  updateUser(request: object, options?: RestCallOptions): Promise<User>;
  listTags(request: object, options?: RestCallOptions): Promise<User>;
  findUsers(request: object, options?: RestCallOptions): Promise<User>;
  watchUsers(request: object, options?: RestCallOptions): AsyncIterable<User>;
  importUsers(requests: Iterable<object>, options?: RestCallOptions): Promise<User>;
  getImage(request: object, options?: RestCallOptions): Promise<{ contentType: string; data: Uint8Array }>;
  putImage(request: object, options?: RestCallOptions): Promise<User>;
  sendImage(requests: Iterable<object>, options?: RestCallOptions): Promise<User>;
  loadImage(request: object, options?: RestCallOptions): AsyncIterable<{ contentType: string; data: Uint8Array }>;
}

export interface Emitted {
  readonly routes: (backend: object, options?: RouteOptions) => RouteSet;
  readonly createClient: (transport: Transport) => object;
  readonly register: (registry: ServiceRegistry, handler: object) => void;
  readonly createRestClient: (baseUrl: string, options?: RestClientOptions) => RestUsers;
  readonly files: ReadonlyMap<string, string>;
}

/** Generates and loads the code of `users.proto`. */
export async function emitUsers(forms: Partial<ValueForms> = {}): Promise<Emitted> {
  const proto = readFileSync(new URL("./users.proto", import.meta.url), "utf8");
  const { files, diagnostics } = await emit({ "users.proto": proto }, [messages, rpc, http, rest], forms);
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join("\n"));
  const load = emittedModules(files);
  const [httpModule, rpcModule, restModule] = [
    await load("users.http.ts"),
    await load("users.rpc.ts"),
    await load("users.rest.ts"),
  ];
  return {
    routes: httpModule["userServiceRoutes"] as Emitted["routes"],
    createClient: rpcModule["createUserServiceClient"] as Emitted["createClient"],
    register: rpcModule["registerUserService"] as Emitted["register"],
    createRestClient: restModule["createUserServiceRestClient"] as Emitted["createRestClient"],
    files,
  };
}

/** What a handler saw. */
export interface Seen {
  readonly method: string;
  readonly request: unknown;
  readonly context: CallContext;
  readonly traceId: string | undefined;
}

/** A handler that keeps what it sees. */
export function createUsers(): { readonly handler: object; readonly seen: Seen[]; readonly ended: Promise<string> } {
  const seen: Seen[] = [];
  let end: (how: string) => void = () => {};
  const ended = new Promise<string>((resolve) => (end = resolve));
  const note = (method: string, request: unknown, context: CallContext): void => {
    seen.push({ method, request, context, traceId: ambient().trace?.traceId });
  };
  const handler = {
    createUser(request: { name: string; tags: string[] }, context: CallContext) {
      note("createUser", request, context);
      context.header.set("x-served-by", "users");
      return { id: "7/ä", name: request.name, tags: request.tags, logins: 9007199254740993n };
    },
    async getUser(request: { id: string; name: string }, context: CallContext) {
      note("getUser", request, context);
      if (request.id === "missing") throw new RpcError(Code.NOT_FOUND, "there is no such user");
      if (request.id === "fine") throw new RpcError(Code.OK, "all is well");
      if (request.id === "broken") throw new Error("a secret");
      if (request.id === "slow") {
        await new Promise<void>((resolve) => {
          context.signal.addEventListener("abort", () => resolve(), { once: true });
        });
        end("aborted");
      }
      return { id: request.id, name: request.name };
    },
    deleteUser: (request: unknown, context: CallContext) => (note("deleteUser", request, context), {}),
    updateUser(request: { user: object }, context: CallContext) {
      note("updateUser", request, context);
      return request.user;
    },
    listTags: (request: unknown, context: CallContext) => (note("listTags", request, context), {}),
    findUsers: (request: unknown, context: CallContext) => (note("findUsers", request, context), { id: "1" }),
    async *watchUsers(request: { count: number; failAfter: number; forEver: boolean }, context: CallContext) {
      note("watchUsers", request, context);
      try {
        for (let i = 0; i < request.count; i++) {
          if (request.failAfter !== 0 && i === request.failAfter) throw new RpcError(Code.ABORTED, "gave up");
          yield { id: String(i) };
        }
        if (request.forEver) await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
        if (request.failAfter === -1) throw new RpcError(Code.PERMISSION_DENIED, "not you");
      } finally {
        end(context.signal.aborted ? "aborted" : "finished");
      }
    },
    async importUsers(requests: AsyncIterable<{ name: string }>, context: CallContext) {
      const names: string[] = [];
      for await (const { name } of requests) names.push(name);
      note("importUsers", names, context);
      return { tags: names };
    },
    async *chat() {
      yield { id: "never" };
    },
    getImage(request: { id: string }, context: CallContext) {
      note("getImage", request, context);
      return { contentType: "image/png", data: new Uint8Array([0x89, 0x50, 0, 0xff]) };
    },
    async sendImage(requests: AsyncIterable<{ id: string; image: { contentType: string; data: Uint8Array } }>) {
      const found = { id: "", name: "", length: 0 };
      for await (const { id, image } of requests) {
        Object.assign(found, { id, name: image.contentType, length: found.length + image.data.length });
      }
      return { id: found.id, name: found.name, tags: [String(found.length)] };
    },
    async *loadImage() {
      yield { contentType: "image/gif", data: new Uint8Array([1, 2]) };
      yield { data: new Uint8Array([3]) };
    },
    putImage(request: { id: string; image: { contentType: string; data: Uint8Array } }, context: CallContext) {
      note("putImage", request, context);
      return { id: request.id, name: request.image.contentType, tags: [String(request.image.data.length)] };
    },
  };
  return { handler, seen, ended };
}

/** A gateway behind `node:http` on a free port. */
export async function serveGateway(gateway: Gateway): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server: Server = createServer(toNodeListener(gateway));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
