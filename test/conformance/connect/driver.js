// The program under test: `driver server <transport>` serves the suite's service with generated code, `driver client
// <transport>` makes the calls it is told. `emitted/` is what our generator made of the suite's protos.
import { createRegistry } from "@wirespan/runtime/wire";
import { transports } from "../transports.js";
import { readDelimited, writeDelimited } from "./delimited.js";
import { ClientCompatRequest, ClientCompatResponse } from "emitted/connectrpc/conformance/v1/client_compat.pb.js";
import { Codec, Compression, HTTPVersion, Protocol } from "emitted/connectrpc/conformance/v1/config.pb.js";
import { ServerCompatRequest, ServerCompatResponse } from "emitted/connectrpc/conformance/v1/server_compat.pb.js";
import * as messages from "emitted/connectrpc/conformance/v1/service.pb.js";
import {
  conformanceServiceChain,
  createConformanceServiceClient,
  registerConformanceService,
} from "emitted/connectrpc/conformance/v1/service.rpc.js";
import { invoke } from "./invoke.js";
import { noteTimeout, service } from "./service.js";

const [side, id] = process.argv.slice(2);
const { createServer, createTransport } = transports[id];
/** What Anys hold in JSON. */
const registry = createRegistry(...Object.values(messages).filter((value) => value.kind === "message"));
const protocols = { [Protocol.GRPC]: "grpc", [Protocol.GRPC_WEB]: "grpc-web", [Protocol.CONNECT]: "connect" };
await (side === "server" ? serve() : call());
process.exit(0);

async function serve() {
  const input = readDelimited(process.stdin);
  const { value } = await input.next();
  const request = ServerCompatRequest.decode(value);
  const { useTls, serverCreds, clientTlsCert, messageReceiveLimit } = request;
  const server = createServer({
    registry,
    maxReceiveBytes: messageReceiveLimit === 0 ? undefined : messageReceiveLimit,
    tls: useTls ? pem({ ...serverCreds, ca: clientTlsCert }) : undefined,
  });
  registerConformanceService(server, service, { chain: conformanceServiceChain().use(noteTimeout) });
  const { port } = await server.listen("127.0.0.1:0");
  const pemCert = useTls ? serverCreds.cert : undefined;
  await writeDelimited(process.stdout, ServerCompatResponse.encode({ host: "127.0.0.1", port, pemCert }));
  // the runner closes the input at once, and says by a signal that it is done
  await new Promise((resolve) => process.once("SIGTERM", resolve).once("SIGINT", resolve));
  await server.close(0);
}

async function call() {
  const atOnce = 16;
  const clients = new Map();
  const underWay = new Set();
  for await (const bytes of readDelimited(process.stdin)) {
    if (underWay.size >= atOnce) await Promise.race(underWay);
    const done = answer(ClientCompatRequest.decode(bytes), clients).then((response) => {
      underWay.delete(done);
      return writeDelimited(process.stdout, ClientCompatResponse.encode(response));
    });
    underWay.add(done);
  }
  await Promise.all(underWay);
  await Promise.all([...clients.values()].map(({ transport }) => transport.close(0)));
}

/** The outcome of one call: what came back, or why it could not be made. */
async function answer(request, clients) {
  const { testName } = request;
  try {
    const value = await invoke(request, clientFor(request, clients));
    return { testName, result: { case: "response", value } };
  } catch (error) {
    return { testName, result: { case: "error", value: { message: String(error.stack) } } };
  }
}

/** A client for the settings of a call; calls with the same settings share one, and its connection. */
function clientFor(request, clients) {
  const { host, port, protocol, httpVersion, codec, compression, useGetHttpMethod } = request;
  const { serverTlsCert, clientTlsCreds, messageReceiveLimit } = request;
  const settings = { host, port, protocol, httpVersion, codec, compression, useGetHttpMethod, messageReceiveLimit };
  const key = JSON.stringify({ ...settings, own: clientTlsCreds !== undefined });
  let known = clients.get(key);
  if (known === undefined) {
    const transport = createTransport({
      protocol: protocols[protocol],
      httpVersion: httpVersion === HTTPVersion.HTTP_VERSION_1 ? "1.1" : "2",
      codec: codec === Codec.JSON ? "json" : "proto",
      get: useGetHttpMethod,
      registry,
      address: `${host}:${port}`,
      gzip: compression === Compression.GZIP,
      maxReceiveBytes: messageReceiveLimit === 0 ? undefined : messageReceiveLimit,
      tls: serverTlsCert.length === 0 ? undefined : pem({ ...clientTlsCreds, ca: serverTlsCert }),
    });
    known = { transport, client: createConformanceServiceClient(transport) };
    clients.set(key, known);
  }
  return known.client;
}

/** The parts of credentials that are there, as Buffers. */
function pem({ key, cert, ca }) {
  const present = Object.entries({ key, cert, ca }).filter(([, bytes]) => bytes !== undefined && bytes.length > 0);
  return Object.fromEntries(present.map(([name, bytes]) => [name, Buffer.from(bytes)]));
}
