// The transports under test, as the suites' programs need them: a server and a client from the same few settings.
import { credentials, ServerCredentials } from "@grpc/grpc-js";
import { createConnectTransport, createGrpcWebTransport } from "@wirespan/runtime/transports/connect";
import {
  createConnectTransport as createFetchConnectTransport,
  createGrpcWebTransport as createFetchGrpcWebTransport,
} from "@wirespan/runtime/transports/fetch";
import { createGrpcJsServer, createGrpcJsTransport } from "@wirespan/runtime/transports/grpc-js";
import { createHttp2Server, createHttp2Transport } from "@wirespan/runtime/transports/http2";

/**
 * By id. `tls` of a server has `key`, `cert` and, where clients must show a certificate, `ca`; of a client `ca` and,
 * where it has a certificate, `key` and `cert`; all PEM. `serverName`: what its certificate is for, where that is not the
 * address. `gzip`: requests are compressed. What speaks several protocols takes `protocol` (`grpc`, `grpc-web`, `connect`),
 * `httpVersion`, `codec`, `get` and, for JSON, `registry`.
 */
export const transports = {
  "grpc-js": {
    createServer: ({ tls, maxReceiveBytes }) =>
      createGrpcJsServer({
        credentials: tls && ServerCredentials.createSsl(tls.ca ?? null, [pair(tls)], tls.ca !== undefined),
        maxReceiveBytes,
        onFailure: () => {},
      }),
    createTransport: ({ address, tls, serverName, maxReceiveBytes, gzip }) =>
      createGrpcJsTransport(address, {
        credentials: tls && credentials.createSsl(tls.ca, tls.key ?? null, tls.cert ?? null),
        maxReceiveBytes,
        channelOptions: {
          ...(gzip ? { "grpc.default_compression_algorithm": 2 } : {}),
          ...(serverName === undefined ? {} : { "grpc.ssl_target_name_override": serverName }),
        },
      }),
  },
  http2: {
    createServer: ({ tls, maxReceiveBytes, registry }) =>
      createHttp2Server({
        tls: tls && { ...tls, requestCert: tls.ca !== undefined },
        maxReceiveBytes,
        registry,
        onFailure: () => {},
      }),
    createTransport: ({ address, tls, serverName, gzip, protocol = "grpc", ...options }) =>
      clients[protocol]({
        ...options,
        target: address,
        tls: tls && { ...tls, ...(serverName === undefined ? {} : { servername: serverName }) },
        // the suite wants to see it, however small the messages are
        ...(gzip ? { compression: "gzip", compressionThreshold: 0 } : {}),
      }),
  },
  fetch: {
    createTransport: ({ address, gzip, protocol, ...options }) =>
      fetchClients[protocol]({
        ...options,
        baseUrl: `http://${address}`,
        ...(gzip ? { compression: "gzip", compressionThreshold: 0 } : {}),
      }),
  },
};

const fetchClients = { "grpc-web": createFetchGrpcWebTransport, connect: createFetchConnectTransport };

const clients = {
  grpc: createHttp2Transport,
  "grpc-web": createGrpcWebTransport,
  connect: createConnectTransport,
};

function pair({ key, cert }) {
  return { private_key: key, cert_chain: cert };
}
