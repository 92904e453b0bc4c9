import { isIP } from "node:net";

/** Where a connection goes to. */
export interface Address {
  /** As messages show it and as two of them are told apart: `10.0.0.7:50051`, `unix:/run/users.sock`. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Of a socket in the file system, instead of host and port. */
  readonly path: string | undefined;
  /** What the server is called, in requests and in its certificate: host and port. */
  readonly authority: string;
}

/** The port of an address that names none. */
export function defaultPort(secure: boolean): number {
  return secure ? 443 : 80;
}

/**
 * Reads `users.internal:50051`, `10.0.0.7:50051`, `[::1]:50051`, `users.internal` or `unix:/run/users.sock`.
 *
 * @throws {TypeError} for anything else.
 */
export function parseAddress(text: string, port: number, authority?: string): Address {
  if (text.startsWith("unix:")) {
    const path = text.slice("unix:".length).replace(/^\/\/(?=\/)/, "");
    if (path === "") throw new TypeError("the address unix: has no path");
    return { name: `unix:${path}`, host: "", port: 0, path, authority: authority ?? "localhost" };
  }
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/.exec(text);
  const [, bracketed, plain, digits] = match ?? [];
  const host = bracketed ?? plain;
  const number = digits === undefined ? port : Number(digits);
  if (host === undefined || number > 65_535 || (bracketed !== undefined && isIP(bracketed) !== 6)) {
    throw new TypeError(`${JSON.stringify(text)} is no address: host:port or unix:path`);
  }
  const name = hostAndPort(host, number);
  return { name, host, port: number, path: undefined, authority: authority ?? name };
}

/** `10.0.0.7:50051`, `[::1]:50051`. */
export function hostAndPort(host: string, port: number): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}
