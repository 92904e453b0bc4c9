import type { Tracer } from "@wirespan/runtime/context";
import { deadline, logging, metrics, recovery, tracing, type Logger, type Meter } from "@wirespan/runtime/interceptors";
import type { Broker } from "@wirespan/runtime/queue";
import { Code, RpcError } from "@wirespan/runtime/rpc";
import { createHttp2Server } from "@wirespan/runtime/transports/http2";
import { registerUserService, userServiceChain, type UserServiceHandler } from "./gen/acme/users/v1/users.rpc.js";
import { publishUserCreated } from "./gen/users.events.js";
import type { Running } from "./running.js";
import { createUserStore, type UserStore } from "./user-store.js";

export interface UserServiceOptions {
  /** `127.0.0.1:0` takes a free port. */
  readonly listen: string;
  readonly broker: Broker;
  readonly tracer: Tracer;
  readonly logger: Logger;
  readonly meter: Meter;
}

/** The user service: gRPC in, events out. */
export async function startUserService({
  listen,
  broker,
  tracer,
  logger,
  meter,
}: UserServiceOptions): Promise<Running & { readonly port: number }> {
  const server = createHttp2Server();
  const chain = userServiceChain()
    .use(recovery())
    .use(tracing({ tracer }))
    .use(metrics({ meter }))
    .use(logging({ logger }))
    .use(deadline({ defaultMs: 10_000 }));
  registerUserService(server, createUserHandler(createUserStore(), broker), { chain });
  const { port } = await server.listen(listen);
  return { port, stop: () => server.close() };
}

function createUserHandler(users: UserStore, broker: Broker): UserServiceHandler {
  return {
    async createUser(request) {
      if (!request.email.includes("@")) throw new RpcError(Code.INVALID_ARGUMENT, "email is not an address");
      const user = users.add(request);
      if (user === undefined) throw new RpcError(Code.ALREADY_EXISTS, `${request.email} has an account already`);
      await publishUserCreated(broker, { user });
      return user;
    },

    async getUser({ id, email }) {
      const user = users.find(id, email);
      if (user === undefined) throw new RpcError(Code.NOT_FOUND, `there is no user ${id === "" ? email : id}`);
      return user;
    },

    async *listUsers(request) {
      yield* users.list(request);
    },
  };
}
