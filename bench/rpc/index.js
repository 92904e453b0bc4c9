// Calls (calls.js), promised times and limits (limits.js), the cost of interceptors (interceptors.js), and simulations:
// how much more a backend gets to do because of retries (simulate-retry.js), breakers and limiters (simulate-breaker.js).
// Each part gives
// `prepare({ quick })`, which resolves to `{ entries, figures(samples), close() }` like a suite.
import { buildStacks } from "./build.js";

export const peers = [
  "@bufbuild/buf",
  "@bufbuild/protobuf",
  "@bufbuild/protoc-gen-es",
  "@connectrpc/connect",
  "@connectrpc/connect-node",
  "@grpc/grpc-js",
  "fastify",
  "nice-grpc",
  "ts-proto",
  "undici",
];
export const rounds = { quick: 3, full: 11 };

/** What can be measured alone. */
export const parts = {
  calls: () => import("./calls.js"),
  limits: () => import("./limits.js"),
  interceptors: () => import("./interceptors.js"),
  "simulate-retry": () => import("./simulate-retry.js"),
  breakers: () => import("./simulate-breaker.js"),
};

/** Parts that measure nobody's stack. */
const simulations = ["simulate-retry", "breakers"];

/** Builds the code of all stacks, where it is needed, and starts what measures them. */
export async function prepare({ part, ...options }) {
  if (!simulations.includes(part)) await buildStacks();
  const prepared = [];
  const close = () => prepared.forEach((one) => one.close());
  try {
    for (const load of part === undefined ? Object.values(parts) : [parts[part]]) {
      const { prepare } = await load();
      prepared.push(await prepare(options));
    }
  } catch (error) {
    close();
    throw error;
  }
  return {
    entries: prepared.flatMap(({ entries }) => entries),
    figures: (samples) => prepared.flatMap(({ figures }) => figures(samples)),
    close,
  };
}
