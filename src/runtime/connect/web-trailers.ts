import { decodeText, encodeText, type HttpFields, type HttpHeaders } from "../grpc/index.js";

/** The flag of the frame that ends a response of gRPC-Web with its trailers. */
export const trailersFlag = 0x80;

/** Trailers as the block of lines that is the end of a body. */
export function encodeTrailers(trailers: HttpHeaders): Uint8Array {
  let text = "";
  for (const name of Object.keys(trailers)) {
    for (const value of [trailers[name] ?? []].flat()) text += `${name}: ${value}\r\n`;
  }
  return encodeText(text);
}

/** The fields of such a block; lines that are none are left out. */
export function decodeTrailers(bytes: Uint8Array): HttpFields {
  const fields: string[] = [];
  for (const line of decodeText(bytes).split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon > 0) fields.push(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return fields;
}
