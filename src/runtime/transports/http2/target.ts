import { isIP } from "node:net";
import { showValue } from "../../rpc/index.js";
import { defaultPort, parseAddress, type Address } from "./address.js";
import { createDnsResolver, type ResolveAddresses, type Resolver } from "./resolver.js";

/**
 * Where calls go: `users.internal:50051`, `http://…`, `https://…`, `unix:/run/users.sock`, `dns:///users.internal:50051`
 * for all addresses that a name has, a list of addresses, or what says where they are.
 */
export type TargetInput = string | readonly string[] | ResolveAddresses | Resolver;

/** The options of a client whose target may stand alone. */
export function optionsOf<T extends { readonly target: TargetInput }>(
  to: TargetInput | T,
): T | { target: TargetInput } {
  return typeof to === "object" && "target" in to ? to : { target: to };
}

/** How calls are spread over several addresses. */
export type LoadBalancing = "pick_first" | "round_robin";

/** Where a client connects to. */
export interface Target {
  /** For messages. */
  readonly name: string;
  readonly secure: boolean;
  /** The addresses, where they never change. */
  readonly addresses: readonly Address[];
  /** Gives them otherwise. */
  readonly resolver: Resolver | undefined;
  /** Reads an address that the resolver gave. @throws {TypeError} for what is none. */
  parse(address: string): Address;
}

/**
 * Reads a target. Without a scheme it is plain text unless there are settings of TLS. A name stays a name, which Node
 * looks up for each connection, where one address is enough; for `round_robin` all its addresses are looked up.
 *
 * @throws {TypeError} for what is none.
 */
export function parseTarget(input: TargetInput, tls: boolean, loadBalancing: LoadBalancing): Target {
  if (typeof input === "function") return resolved("the resolver", { resolve: input }, tls);
  if (typeof input === "string") return parseName(input, tls, loadBalancing);
  if (typeof input !== "object" || input === null) throw noTarget(input);
  if ("resolve" in input) return resolved(input.authority ?? "the resolver", input, tls);
  if (!Array.isArray(input)) throw noTarget(input);
  if (input.length === 0) throw new TypeError("the list of targets is empty");
  const parts = input.map((text) => parseOne(text, tls));
  const secure = parts[0]?.secure === true;
  if (parts.some((part) => part.secure !== secure)) {
    throw new TypeError("the targets of a list must all be plain text or all be https");
  }
  const byName = new Map(parts.map(({ address }) => [address.name, address]));
  return fixed([...byName.keys()].join(", "), secure, [...byName.values()]);
}

/** What a target is called in logs and spans; undefined for a function of the program's. */
export function nameOfTarget(input: TargetInput): string | undefined {
  if (typeof input === "string") return input;
  if (typeof input === "function") return undefined;
  return "resolve" in input ? input.authority : input.join(",");
}

function parseName(text: string, tls: boolean, loadBalancing: LoadBalancing): Target {
  const asked = /^dns:(?:\/\/([^/]*)\/)?(.+)$/.exec(text);
  if (asked !== null && asked[1] !== undefined && asked[1] !== "") {
    throw new TypeError(`the target ${text} names a DNS server; the system's are asked, or a resolver of your own`);
  }
  const { address, secure } = parseOne(asked?.[2] ?? text, tls);
  const spread = asked !== null || loadBalancing === "round_robin";
  if (!spread || address.path !== undefined || isIP(address.host) !== 0) return fixed(text, secure, [address]);
  return resolved(text, createDnsResolver(address.host, address.port), secure);
}

function parseOne(text: string, tls: boolean): { readonly address: Address; readonly secure: boolean } {
  const [, scheme, rest = text] = /^(https?):\/\/([^/]*)\/?$/.exec(text) ?? [];
  const secure = scheme === undefined ? tls : scheme === "https";
  if (tls && !secure) throw new TypeError(`the target ${text} is plain text, but there are settings of TLS`);
  try {
    return { address: parseAddress(rest, defaultPort(secure)), secure };
  } catch {
    throw noTarget(text);
  }
}

function noTarget(given: unknown): TypeError {
  const forms = "host:port, http://…, https://…, dns:///host:port or unix:path";
  return new TypeError(`${showValue(given)} is no target: ${forms}`);
}

function fixed(name: string, secure: boolean, addresses: readonly Address[]): Target {
  return { name, secure, addresses, resolver: undefined, parse: (text) => parseAddress(text, defaultPort(secure)) };
}

function resolved(name: string, resolver: Resolver, secure: boolean): Target {
  const parse = (text: string): Address => parseAddress(text, defaultPort(secure), resolver.authority);
  return { name, secure, addresses: [], resolver, parse };
}
