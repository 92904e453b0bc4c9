// A server of ours without any method: what is put to the test is how it deals with HTTP/2.
import { transports } from "../transports.js";

/** Gives the port and what ends it. */
export async function serve() {
  const server = transports.http2.createServer({});
  const { port } = await server.listen("127.0.0.1:0");
  return { port, close: () => server.close(0) };
}
