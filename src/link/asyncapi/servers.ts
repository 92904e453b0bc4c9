import {
  type BrokerInfo,
  brokerOf,
  brokers,
  canonicalProtocol,
  entryOf,
  type EventServer,
  type Origin,
  socketProtocol,
  stringOf,
} from "../../model/index.js";
import { hideSecrets } from "../../diagnostics/index.js";
import type { Context } from "./context.js";
import { child, children, type Place } from "./place.js";
import { readBindings } from "./bindings.js";
import { openFields } from "./policy-reader.js";
import { readSecurity } from "./security.js";

/** A server and what the linker needs of it besides. */
export interface LinkedServer {
  readonly server: EventServer;
  readonly place: Place;
  readonly protocolOrigin: Origin;
  /** Canonical; undefined where the document does not say. */
  readonly protocol: string | undefined;
  readonly broker: BrokerInfo | undefined;
}

/** The servers of the document. */
export function readServers(context: Context, root: Place): readonly LinkedServer[] {
  return children(context.field(root, "servers")).flatMap((written) => {
    const place = context.refs.follow(written);
    if (place?.node.kind !== "object") return [];
    const protocol = context.text(place, "protocol");
    const address = addressOf(context, place);
    const { host, pathname, cut } = withoutSecrets(address);
    if (cut !== "") {
      const at = ["host", "url", "pathname"].map((key) => child(place, key)).find((found) => found !== undefined);
      context.warn("E3047", at?.node.origin ?? written.origin, { server: written.key });
    }
    const server: EventServer = {
      id: written.key,
      host,
      pathname,
      protocol,
      protocolVersion: versionOf(context, place),
      description: context.text(place, "description"),
      // their defaults would tell what the address does not
      variables: variablesOf(context, place).filter(
        ({ name }) => !cut.includes(`{${name}}`) || `${host}${pathname}`.includes(`{${name}}`),
      ),
      security: readSecurity(context, place),
      bindings: readBindings(context, place, "server"),
      origin: written.origin,
    };
    const canonical = protocol === "" ? undefined : canonicalProtocol(protocol);
    return {
      server,
      place,
      protocolOrigin: child(place, "protocol")?.node.origin ?? written.origin,
      protocol: canonical,
      broker: canonical === undefined ? undefined : brokerOfServer(context, place, canonical),
    };
  });
}

function brokerOfServer(context: Context, place: Place, protocol: string): BrokerInfo | undefined {
  const nats = context.field(place, "x-nats");
  if (nats === undefined) return brokerOf(protocol);
  const core = openFields(context, nats, "x-nats", ["core"])?.flag("core") === true;
  return core && protocol === "nats" ? brokers.find(({ id }) => id === "nats-core") : brokerOf(protocol);
}

function versionOf(context: Context, place: Place): string {
  const version = context.field(place, "protocolVersion")?.node;
  return version?.kind === "scalar" && version.value !== null ? String(version.value) : "";
}

/** 2.x has one address: `mqtt://host:1883/path`. */
function addressOf(context: Context, place: Place): Pick<EventServer, "host" | "pathname"> {
  const host = context.text(place, "host");
  if (host !== "") return { host, pathname: context.text(place, "pathname") };
  const [, name = "", pathname = ""] =
    /^(?:[a-z][a-z0-9+.-]*:\/\/)?([^/]*)(.*)$/is.exec(context.text(place, "url")) ?? [];
  return { host: name, pathname };
}

/** Contracts end in code and pages that many can read: who logs in is for the program to say. */
function withoutSecrets({
  host,
  pathname,
}: Pick<EventServer, "host" | "pathname">): Pick<EventServer, "host" | "pathname"> & { readonly cut: string } {
  // a password with a slash: what looks like the port is none
  const broken = !host.includes("@") && /:(?!\d*$|\{)/.test(host) && !host.startsWith("[");
  const whole = broken ? `${host}${pathname}` : host;
  const end = whole.lastIndexOf("@") + 1;
  const path = hideSecrets(broken && end > 0 ? "" : pathname);
  if (end === 0) return { host, pathname: path, cut: path === pathname ? "" : pathname };
  const [, name = "", rest = ""] = /^([^/]*)(.*)$/s.exec(whole.slice(end)) ?? [];
  return { host: name, pathname: hideSecrets(`${rest}${path}`), cut: `${whole.slice(0, end)}${pathname}` };
}

function variablesOf(context: Context, place: Place): EventServer["variables"] {
  return children(context.field(place, "variables")).flatMap((written) => {
    const variable = context.refs.follow(written);
    if (variable === undefined) return [];
    const values = children(context.field(variable, "enum")).flatMap(({ node }) => stringOf(node) ?? []);
    return [{ name: written.key, values, default: context.text(variable, "default") || undefined }];
  });
}

/** What a document says about how its messages travel. */
export interface Protocols {
  /** Canonical, in order of appearance. */
  readonly names: readonly string[];
  /** The brokers among them. */
  readonly brokers: readonly BrokerInfo[];
  /** Nothing but models can be made. */
  readonly modelsOnly: boolean;
}

/**
 * The protocols of a document: those of its servers, else of its bindings, else the one the run was told. Those that
 * wirespan has no broker for are reported.
 */
export function readProtocols(
  context: Context,
  servers: readonly LinkedServer[],
  bindings: ReadonlyMap<string, Origin>,
): Protocols {
  const found = new Map<string, { readonly origin: Origin; readonly broker: BrokerInfo | undefined }>();
  for (const { protocolOrigin, protocol, broker } of servers) {
    if (protocol !== undefined && !found.has(protocol)) found.set(protocol, { origin: protocolOrigin, broker });
  }
  if (found.size === 0) {
    for (const [protocol, origin] of bindings) found.set(protocol, { origin, broker: brokerOf(protocol) });
  }
  const { protocol } = context.input.options;
  if (found.size === 0 && protocol !== undefined) {
    const origin = entryOf(context.document.root, "asyncapi")?.origin ?? context.document.root.origin;
    found.set(canonicalProtocol(protocol), { origin, broker: brokerOf(protocol) });
  }
  const known = [...found.values()].flatMap(({ broker }) => broker ?? []);
  const modelsOnly = known.length === 0 && !found.has(socketProtocol);
  for (const [name, { origin, broker }] of found) {
    if (broker !== undefined || name === socketProtocol) continue;
    const protocols = brokers.filter(({ id }) => id !== "nats-core").map((one) => one.protocol);
    context.loss("E3030", origin, { protocol: name, modelsOnly, known: protocols });
  }
  return { names: [...found.keys()], brokers: known, modelsOnly };
}

/** Every protocol that bindings of channels, operations and messages speak of, with the first place. */
export function collectBindings(context: Context, places: readonly (Place | undefined)[]): ReadonlyMap<string, Origin> {
  const found = new Map<string, Origin>();
  for (const place of places) {
    const bindings = context.field(place, "bindings");
    if (bindings?.node.kind !== "object") continue;
    for (const { key, origin } of bindings.node.entries) {
      const protocol = canonicalProtocol(key);
      if (key !== "$ref" && !key.startsWith("x-") && !found.has(protocol)) found.set(protocol, origin);
    }
  }
  return found;
}
