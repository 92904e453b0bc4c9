import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { PeerCertificate } from "../../rpc/index.js";

/**
 * The certificate that a client has shown, read once for a connection; its fields are read when somebody asks. One
 * that was not verified, where `rejectUnauthorized` is false, says nothing about who calls: then there is none.
 */
export function certificateOf(socket: Socket): PeerCertificate | undefined {
  return socket instanceof TLSSocket && socket.authorized ? socket.getPeerX509Certificate() : undefined;
}
