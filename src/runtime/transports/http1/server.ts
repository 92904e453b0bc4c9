import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { PeerCertificate } from "../../rpc/index.js";
import { certificateOf } from "../http2/peer-certificate.js";
import { Http1Requests, type Http1Rules } from "./requests.js";
import { Http1ServerStream } from "./stream.js";

/** What answers requests of HTTP/1.1 on connections that somebody else has accepted. */
export interface Http1Service {
  /** Takes over a connection; what was read from it already has been put back. */
  serve(socket: Socket): void;
  /** Closes connections without a request, and the others after the response to theirs. */
  close(): void;
}

/** Bytes of the headers of a request, with a query that may be a message. */
const maxHeaderSize = 80 * 1024;
/** Time for the headers of a request to come. */
const headersTimeoutMs = 20_000;
/** Time for the next request to come: longer than clients and proxies wait, which else send one as the server closes. */
const keepAliveTimeoutMs = 75_000;

/** Answers requests of HTTP/1.1 as `onStream` does. */
export function createHttp1Service(rules: Http1Rules, onStream: (stream: Http1ServerStream) => void): Http1Service {
  // a request may take its time: it may be a stream
  const server = createServer({
    maxHeaderSize,
    headersTimeout: headersTimeoutMs,
    requestTimeout: 0,
    keepAliveTimeout: keepAliveTimeoutMs,
  });
  const connections = new WeakMap<Socket, Http1Requests>();
  const certificates = new WeakMap<Socket, PeerCertificate | undefined>();
  let closing = false;
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const { remoteAddress, remotePort } = request.socket;
    const peer = remoteAddress === undefined ? "" : `${remoteAddress}:${remotePort}`;
    const requests = connections.get(request.socket);
    const stream = new Http1ServerStream(request, response, peer, certificates.get(request.socket));
    if (closing) response.shouldKeepAlive = false;
    response.once("close", () => {
      requests?.done(stream);
      if (closing) server.closeIdleConnections();
    });
    requests?.add(stream);
  });
  // it never listens itself; what begins with listening is the watch over headers that do not come
  server.emit("listening");
  return {
    serve(socket) {
      socket.allowHalfOpen = true;
      certificates.set(socket, certificateOf(socket));
      server.emit("connection", socket);
      // behind node's own listeners: whether the connection is read is for the last of them to say
      connections.set(socket, new Http1Requests(socket, rules, onStream));
      // node's parser reads from the connection by itself until somebody else listens: then it breaks off where it has
      // paused itself, behind a slow response, and the next record of TLS is there already
      if (socket instanceof TLSSocket) socket.on("data", () => {});
    },
    close() {
      closing = true;
      server.close();
      server.closeIdleConnections();
    },
  };
}
