// Our side of the interop programs: bundled with what our generators make of their protos, `emitted/…`.
import { createServiceClient } from "@wirespan/runtime/rpc";
import {
  createTestServiceClient,
  createUnimplementedServiceClient,
  registerTestService,
  TestService,
  UnimplementedService,
} from "emitted/grpc/testing/test.rpc.js";
import { transports } from "../transports.js";
import { cases } from "./cases.js";
import { createTestService } from "./service.js";

export const names = Object.keys(cases);

/** Serves; `tls` as transports.js has it. Gives the port and what ends it. */
export async function serve({ transport, tls }) {
  const server = transports[transport].createServer({ tls });
  registerTestService(server, createTestService(`server-${process.pid}`));
  const { port } = await server.listen("127.0.0.1:0");
  return { port, close: () => server.close(0) };
}

/** Runs the cases against a server; gives what went wrong by name. */
export async function runCases({ transport, ...settings }) {
  const connection = transports[transport].createTransport(settings);
  const clients = {
    client: createTestServiceClient(connection, { timeoutMs: 20_000 }),
    others: createUnimplementedServiceClient(connection),
    unknown: createServiceClient(unknownService(), connection),
  };
  const failures = new Map();
  try {
    for (const name of names) {
      await cases[name](clients).catch((error) => failures.set(name, error));
    }
  } finally {
    await connection.close(0);
  }
  return failures;
}

/** The method that TestService says to have none of. */
function unknownService() {
  const [[key, method]] = Object.entries(UnimplementedService.methods);
  const { typeName } = TestService;
  return { typeName, methods: { [key]: { ...method, service: typeName, path: `/${typeName}/${method.name}` } } };
}
