import type { SocketRequest } from "../channels/socket.js";
import { mayHaveHeaders } from "../channels/target.js";

/** Longest message that is taken: what gRPC clients take. Browsers decide for themselves. */
const maxMessageBytes = 4 * 2 ** 20;

/**
 * The request for a WebSocket at the URL of a call. Browsers send no headers with it: there a bearer token becomes a
 * subprotocol, as the gateway takes it.
 */
export function socketRequest(url: string, headers: Readonly<Record<string, string>>): SocketRequest {
  const { location } = globalThis as { readonly location?: { readonly href: string } };
  const absolute = new URL(url, location?.href);
  absolute.protocol = absolute.protocol.replace(/^http/, "ws");
  const request = { url: absolute.href, maxMessageBytes };
  const token = mayHaveHeaders() ? undefined : bearerToken(headers);
  if (token === undefined) return { ...request, headers, subprotocols: [] };
  const others = Object.entries(headers).filter(([name]) => !isAuthorization(name));
  return { ...request, headers: Object.fromEntries(others), subprotocols: ["bearer", token] };
}

function bearerToken(headers: Readonly<Record<string, string>>): string | undefined {
  const [, value] = Object.entries(headers).find(([name]) => isAuthorization(name)) ?? [];
  return /^Bearer +(\S+)$/i.exec(value ?? "")?.[1];
}

function isAuthorization(name: string): boolean {
  return name.toLowerCase() === "authorization";
}
