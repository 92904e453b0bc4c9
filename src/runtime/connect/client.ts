import { codecOf, createClient, planCalls, type HttpSessions } from "../grpc/index.js";
import type { Transport } from "../rpc/index.js";
import type { ConnectClientOptions } from "./options.js";
import { createStreamDialect } from "./stream-client.js";
import { planUnary } from "./unary-client.js";

/** Calls of Connect over the connections of `sessions`. */
export function createConnectClient(id: string, sessions: HttpSessions, options: ConnectClientOptions): Transport {
  const { get = false, userAgent } = options;
  const codec = codecOf(options);
  const dialect = createStreamDialect(codec, userAgent);
  return createClient(id, sessions, options, (method, limits) =>
    method.kind === "unary"
      ? planUnary(method, limits, { sessions, codec, userAgent, get })
      : planCalls(method, limits, sessions, dialect),
  );
}
