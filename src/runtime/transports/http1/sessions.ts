import { Agent as HttpAgent, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import type { HttpEvents, HttpHeaders, HttpSession, HttpSessions, HttpStream } from "../../grpc/index.js";
import { Code, RpcError } from "../../rpc/index.js";
import type { ConnectionOptions } from "../http2/connections.js";
import { parseTarget } from "../http2/target.js";
import { createTlsSource } from "../http2/tls.js";
import { Http1ClientStream } from "./stream.js";

/** What of the settings of connections there is in HTTP/1.1. */
export type Http1ConnectionOptions = Pick<ConnectionOptions, "target" | "tls">;

/**
 * Connections of HTTP/1.1 to one address: one for each call at a time, kept for the next.
 *
 * @throws {TypeError} for what is no target, or one of several addresses, and an error of TLS.
 */
export function createHttp1Sessions({ target: input, tls }: Http1ConnectionOptions): HttpSessions {
  const target = parseTarget(input, tls !== undefined, "pick_first");
  const [address] = target.addresses;
  if (address === undefined || target.addresses.length > 1) {
    throw new TypeError(`the target ${target.name} has several addresses, which only HTTP/2 can do`);
  }
  const certificates = target.secure ? createTlsSource(tls ?? {}) : undefined;
  const agent = target.secure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const request = target.secure ? requestHttps : requestHttp;
  const { host, port, path: socketPath, authority } = address;
  const to = { agent, ...(socketPath === undefined ? { host, port } : { socketPath }) };

  const session: HttpSession = {
    open(headers: HttpHeaders, more: HttpHeaders | undefined, events: HttpEvents, several: boolean): HttpStream {
      const { ":method": method, ":path": path, ...fields } = headers;
      let sent;
      try {
        sent = request({
          ...certificates?.current,
          ...to,
          method: String(method),
          path: String(path),
          headers: { host: authority, ...fields, ...more },
        });
      } catch (cause) {
        // no connection is asked for here yet: it is the request that is wrong
        throw new RpcError(Code.INTERNAL, "the request cannot be sent", { cause });
      }
      sent.setNoDelay(true);
      // the server may have something to say before the first message
      if (several) sent.flushHeaders();
      return new Http1ClientStream(sent, address.name, events);
    },
  };
  return {
    acquire: () => session,
    close() {
      certificates?.close();
      agent.destroy();
    },
  };
}
