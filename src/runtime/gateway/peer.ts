/** The address of the other side, `127.0.0.1:53012`, `[::1]:53012`. */
export function peerText(address = "", port: number | undefined): string {
  const host = address.includes(":") ? `[${address}]` : address;
  return port === undefined ? host : `${host}:${port}`;
}
