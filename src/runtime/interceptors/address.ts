import type { Attributes } from "../context/index.js";

/** Targets that programs make up as they go must not fill the memory. */
const mostKnown = 1_000;
const known = new Map<string, Attributes>();

const ports: Readonly<Record<string, number>> = { http: 80, https: 443 };

/** `server.address` and `server.port` of a target: `users:50051`, `https://users.internal`, `dns:///users:50051`. */
export function serverAttributes(target: string): Attributes {
  let found = known.get(target);
  if (found === undefined) {
    found = target === "" ? {} : named("server", target);
    if (known.size < mostKnown) known.set(target, found);
  }
  return found;
}

/** `network.peer.address` and `network.peer.port` of a caller, `127.0.0.1:53012`. */
export function peerAttributes(peer: string): Attributes {
  return peer === "" ? {} : named("network.peer", peer);
}

function named(prefix: "server" | "network.peer", text: string): Attributes {
  const { address, port } = parseAddress(text);
  return port === undefined
    ? { [`${prefix}.address`]: address }
    : { [`${prefix}.address`]: address, [`${prefix}.port`]: port };
}

/** Host and port of an address as programs write them; a socket's path or a list of addresses stays as it is. */
export function parseAddress(text: string): { readonly address: string; readonly port: number | undefined } {
  const path = /^unix:(?:\/\/)?(.+)$/.exec(text)?.[1];
  if (path !== undefined) return { address: path, port: undefined };
  const [, scheme = "", rest = text] = /^([a-z][a-z0-9+.-]*):\/{2,3}(.*)$/.exec(text) ?? [];
  const bare = /^(?:dns|ipv4|ipv6):(.*)$/.exec(rest)?.[1] ?? rest;
  const host = bare.replace(/\/.*$/, "").replace(/^.*@/, "");
  if (host.includes(",")) return { address: host, port: undefined };
  const [, v6, name, digits] = /^(?:\[([^\]]*)\]|([^:]*))(?::([0-9]{1,5}))?$/.exec(host) ?? [];
  const address = v6 ?? name;
  // an IPv6 address without brackets has colons of its own
  if (address === undefined || address === "") return { address: host, port: undefined };
  return { address, port: digits === undefined ? ports[scheme] : Number(digits) };
}
