import { readFileSync, statSync, type BigIntStats } from "node:fs";
import { stat } from "node:fs/promises";
import type { SecureServerOptions } from "node:http2";
import { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";
import { systemClock, type Clock } from "../../context/index.js";

/** Certificates of a client or a server. A string without `-----BEGIN` is the path of a file in PEM. */
export interface Certificates extends Pick<SecureContextOptions, "ca" | "cert" | "key"> {
  /** Milliseconds between two looks at the files, where there are any; 10,000 by default. */
  readonly reloadEveryMs?: number | undefined;
}

/** @throws {TypeError} for half of what belongs together. */
function checkPair(tls: Certificates): void {
  const { cert, key } = tls;
  // a key may also lie in an engine of OpenSSL
  const hasKey = key !== undefined || ("privateKeyIdentifier" in tls && tls.privateKeyIdentifier !== undefined);
  if ((cert !== undefined) === hasKey) return;
  const [given, missing] = hasKey ? ["key", "cert"] : ["cert", "key"];
  throw new TypeError(`tls has a ${given} and no ${missing}: give both, or neither`);
}

/**
 * Looks at what a server of TLS cannot do without.
 *
 * @throws {TypeError} when something is missing.
 */
export function checkServerTls(tls: Certificates & SecureServerOptions): void {
  const { cert, pfx, ca, requestCert, rejectUnauthorized } = tls;
  if (tls.SNICallback !== undefined) return;
  if (cert === undefined && pfx === undefined) {
    throw new TypeError("tls of a server needs cert and key; leave tls out for plain text");
  }
  if (requestCert === true && rejectUnauthorized !== false && ca === undefined && pfx === undefined) {
    throw new TypeError("tls.requestCert needs tls.ca: the authorities whose clients may come in");
  }
}

/** Settings of TLS whose files are looked at again. */
export interface TlsSource<T extends Certificates> {
  /** The settings, with what the files hold instead of their paths. */
  readonly current: Omit<T, "reloadEveryMs">;
  /** What OpenSSL made of them, once for all connections. */
  readonly context: SecureContext;
  /** Reads the files now. @throws {Error} when one is missing or they do not fit together; the old ones stay. */
  reload(): void;
  /** Looks at the files no more. */
  close(): void;
}

/** What a source of certificates may be told. */
export interface TlsSourceInit<T extends Certificates> {
  readonly clock?: Clock | undefined;
  /** New certificates were read. */
  readonly onChange?: ((current: Omit<T, "reloadEveryMs">) => void) | undefined;
}

/**
 * Reads certificates and keeps an eye on their files. They are looked at from time to time rather than watched: what
 * replaces a file by a link to another (Kubernetes does) escapes who watches. Files that do not fit together, half of a
 * rotation, are left alone until they do; a warning of the process tells of it once.
 *
 * @throws {TypeError} for a certificate without key, {@link Error} when a file is missing, or they do not fit.
 */
export function createTlsSource<T extends Certificates>(options: T, init: TlsSourceInit<T> = {}): TlsSource<T> {
  const { clock = systemClock, onChange } = init;
  const { reloadEveryMs = 10_000, ...settings } = options;
  checkPair(options);
  const files = filesOf(options);
  // before they are read: what changes meanwhile is read again
  let seen = files.map((file) => stampOf(statSync(file, { bigint: true }))).join(" ");
  let { current, context } = read(settings);
  let warned: string | undefined;
  let cancel = (): void => {};
  let closed = false;

  const reload = (): void => {
    ({ current, context } = read(settings));
    onChange?.(current);
  };
  const look = async (): Promise<void> => {
    try {
      const now = (await Promise.all(files.map((file) => stat(file, { bigint: true })))).map(stampOf).join(" ");
      if (closed) return;
      if (now !== seen) reload();
      seen = now;
      warned = undefined;
    } catch (error) {
      const text = `certificates are not renewed: ${error instanceof Error ? error.message : String(error)}`;
      if (text !== warned && !closed) process.emitWarning(text);
      warned = text;
    }
    if (!closed) lookLater();
  };
  const lookLater = (): void => {
    cancel = clock.after(reloadEveryMs, () => void look());
  };
  if (files.length > 0) lookLater();

  return {
    get current() {
      return current;
    },
    get context() {
      return context;
    },
    reload,
    close() {
      closed = true;
      cancel();
    },
  };
}

function read<T extends Certificates>(settings: T): { readonly current: T; readonly context: SecureContext } {
  const { ca, cert, key } = settings;
  const current = { ...settings, ...present({ ca: load(ca), cert: load(cert), key: load(key) }) };
  // says now what a handshake would say much later: that they do not fit
  return { current, context: createSecureContext(current) };
}

function present<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function load<V>(value: V): V | Buffer | unknown[] {
  if (Array.isArray(value)) return value.map(load);
  return isPath(value) ? readFileSync(value) : value;
}

function filesOf({ ca, cert, key }: Certificates): string[] {
  return [ca, cert, key].flat().filter(isPath);
}

function isPath(value: unknown): value is string {
  return typeof value === "string" && !value.includes("-----BEGIN");
}

/** Changes when the file does. */
function stampOf({ mtimeNs, size, ino }: BigIntStats): string {
  return `${mtimeNs}:${size}:${ino}`;
}
