import { Header } from "emitted/connectrpc/conformance/v1/service.pb.js";

/** Adds what the suite asks to send; bytes are base64 there. */
export function addHeaders(metadata, headers) {
  for (const { name, value } of headers) {
    const key = name.toLowerCase();
    for (const each of value) metadata.append(key, key.endsWith("-bin") ? Buffer.from(each, "base64") : each);
  }
}

/** Metadata in the suite's form, one header per key. */
export function headersOf(metadata) {
  const headers = new Map();
  for (const [name, value] of metadata ?? []) {
    if (!headers.has(name)) headers.set(name, Header.create({ name }));
    headers.get(name).value.push(typeof value === "string" ? value : unpadded(value));
  }
  return [...headers.values()];
}

function unpadded(bytes) {
  return Buffer.from(bytes).toString("base64").replace(/=+$/, "");
}
