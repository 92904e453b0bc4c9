import { ambient, formatTraceparent } from "../context/index.js";
import { QueueError } from "../queue/errors.js";
import type { ChannelParameterInfo } from "../queue/types.js";
import { writeFields } from "./fields.js";
import { fillPath, joinPath } from "./path.js";
import type { Fields } from "./types.js";

/** Where a client connects to. */
export interface ClientTarget {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** For errors: without query, user and password, where secrets may be. */
  readonly shown: string;
}

/** The parts of the options that say where to. */
export interface TargetOptions {
  readonly params?: object | undefined;
  readonly query?: unknown;
  readonly headers?: unknown;
  readonly upgradeHeaders?: Readonly<Record<string, string>> | undefined;
  readonly traceInQuery?: boolean | undefined;
}

interface TargetInfo {
  readonly id: string;
  readonly address: string;
  readonly parameters?: readonly ChannelParameterInfo[];
  readonly query?: Fields<unknown, never> | undefined;
  readonly headers?: Fields<unknown, never> | undefined;
}

const schemes: ReadonlyMap<string, string> = new Map([
  ["ws:", "ws:"],
  ["wss:", "wss:"],
  ["http:", "ws:"],
  ["https:", "wss:"],
]);

/** The URL of a channel: the base's path and the address, the base's query and the contract's. */
export function clientTarget(info: TargetInfo, base: string, options: TargetOptions): ClientTarget {
  const scheme = URL.canParse(base) ? schemes.get(new URL(base).protocol) : undefined;
  if (scheme === undefined) {
    throw new QueueError("usage", `channel ${info.id}: the address must be a URL such as wss://host or ws://host/path`);
  }
  const url = new URL(base.trim().replace(/^[a-z]+:/i, scheme));
  url.pathname = joinPath(url.pathname, fillPath(info.address, paramsOf(options.params), info.parameters));
  url.hash = "";
  const { query, headers } = options;
  if (info.query !== undefined) {
    // sound: the emitted function takes the type of the contract
    for (const [name, value] of writeFields(info.query, (query ?? {}) as never)) url.searchParams.append(name, value);
  }
  const all: Record<string, string> = {};
  const { trace } = ambient();
  if (trace !== undefined) {
    if (options.traceInQuery === true) url.searchParams.set("traceparent", formatTraceparent(trace));
    else if (mayHaveHeaders()) all["traceparent"] = formatTraceparent(trace);
  }
  if (info.headers !== undefined) {
    for (const [name, value] of writeFields(info.headers, (headers ?? {}) as never)) addHeader(all, name, value);
  }
  for (const [name, value] of Object.entries(options.upgradeHeaders ?? {})) addHeader(all, name, value);
  return { url: url.href, headers: all, shown: `${url.protocol}//${url.host}${url.pathname}` };
}

function paramsOf(params: object | undefined): ReadonlyMap<string, unknown> {
  return new Map(Object.entries(params ?? {}));
}

function addHeader(headers: Record<string, string>, name: string, value: string): void {
  // other characters end a header and begin another
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
    throw new QueueError(
      "invalid",
      `header ${JSON.stringify(name.slice(0, 100))}: has characters that HTTP does not allow`,
    );
  }
  headers[name.toLowerCase()] = value;
}

/** Browsers send no headers with a WebSocket. */
export function mayHaveHeaders(): boolean {
  return globalThis.process?.versions?.node !== undefined;
}
