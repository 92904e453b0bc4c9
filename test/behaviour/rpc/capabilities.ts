/** What a transport may be able to do, beside calls of all four kinds with metadata, status, deadline and cancellation. */
export type Capability =
  | "bidi streams"
  | "client compresses"
  | "server compresses"
  | "size limits"
  | "TLS"
  | "mTLS"
  | "certificates reloaded"
  | "client certificate told";

/** True, or the words of its page in the documentation that say it cannot. */
export type Capabilities = Readonly<Record<Capability, true | string>>;

const noWire = "There are no connections, and so no TLS, no limits of size and no compression.";

/** What each transport can; one suite shows it of all. A page that no longer says what is missing fails it, too. */
export const capabilities: Readonly<Record<"memory" | "http2" | "connect" | "grpc-js", Capabilities>> = {
  memory: {
    "bidi streams": true,
    "client compresses": noWire,
    "server compresses": noWire,
    "size limits": noWire,
    TLS: noWire,
    mTLS: noWire,
    "certificates reloaded": noWire,
    "client certificate told": noWire,
  },
  http2: {
    "bidi streams": true,
    "client compresses": true,
    "server compresses": true,
    "size limits": true,
    TLS: true,
    mTLS: true,
    "certificates reloaded": true,
    "client certificate told": true,
  },
  connect: {
    "bidi streams": true,
    "client compresses": true,
    "server compresses": true,
    "size limits": true,
    TLS: true,
    mTLS: true,
    "certificates reloaded": true,
    "client certificate told": true,
  },
  "grpc-js": {
    "bidi streams": true,
    "client compresses": true,
    "server compresses": "a server cannot compress what it sends",
    "size limits": true,
    TLS: true,
    mTLS: true,
    "certificates reloaded": "reads no certificates again by itself",
    "client certificate told": true,
  },
};
