import { ambient, type AmbientMetadata } from "../context/index.js";
import { createLayer, type Interceptor, type Metadata } from "../rpc/index.js";

/** What flows by itself, or belongs to one connection. */
const unfit: ReadonlySet<string> = new Set([
  "traceparent",
  "tracestate",
  "baggage",
  "connection",
  "content-length",
  "content-type",
  "host",
  "keep-alive",
  "te",
  "transfer-encoding",
  "upgrade",
  "user-agent",
]);

/**
 * Passes headers of the call that is being served on to the calls that are made for it: those that are named and no
 * others, so that nobody's credentials travel further than somebody has thought of. What a call has already stays.
 *
 * @param names Metadata keys, in any case. `authorization` only goes on when it is among them.
 * @throws {TypeError} for a name that is no metadata key, that gRPC keeps for itself, or that flows by itself.
 * @example
 * const chain = userServiceChain().use(forwardHeaders(["x-request-id", "x-tenant", "accept-language"]));
 * const users = createUserServiceClient(transport, { chain });
 */
export function forwardHeaders(names: readonly string[]): Interceptor {
  const keys = [...new Set(names.map(checkedKey))];
  return createLayer((call) => {
    const { metadata: incoming } = ambient();
    if (incoming === undefined || call.context.side !== "client") return { call };
    const own = call.context.metadata;
    const missing = keys.filter((key) => incoming.has(key) && !own.has(key));
    if (missing.length === 0) return { call };
    const metadata = own.clone();
    for (const key of missing) pass(key, incoming, metadata);
    return { call: call.change({ metadata }) };
  });
}

function checkedKey(name: string): string {
  const key = name.toLowerCase();
  if (!/^[0-9a-z_.-]+$/.test(key)) {
    throw new TypeError(`forwardHeaders: ${JSON.stringify(name)} is no name of a header`);
  }
  if (key.startsWith("grpc-") || unfit.has(key)) {
    throw new TypeError(`forwardHeaders: ${key} is set for each call anew and cannot be forwarded`);
  }
  return key;
}

function pass(key: string, incoming: AmbientMetadata, outgoing: Metadata): void {
  const values = key.endsWith("-bin") ? incoming.getAllBytes(key) : incoming.getAll(key);
  for (const value of values) outgoing.append(key, value);
}
