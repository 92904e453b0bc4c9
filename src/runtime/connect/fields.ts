import { addMetadata, metadataOf, trailerOf, type HttpFields, type HttpHeaders } from "../grpc/index.js";
import type { Metadata } from "../rpc/index.js";

const prefix = "trailer-";

/** Headers and trailers of a response whose trailers are among its headers. @throws {RpcError} when there are too many. */
export function splitFields(fields: HttpFields): { readonly header: Metadata; readonly trailer: Metadata } {
  const header: string[] = [];
  const trailer: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? "";
    const value = fields[i + 1] ?? "";
    if (name.startsWith(prefix)) trailer.push(name.slice(prefix.length), value);
    else header.push(name, value);
  }
  return { header: metadataOf(header), trailer: trailerOf(trailer) };
}

/** Trailers as fields, by name. */
export function trailersOnly(trailer: Metadata): HttpHeaders {
  const fields: Record<string, string | string[]> = {};
  addMetadata(fields, trailer);
  return fields;
}

/** Adds trailers to headers, under the names that say so. */
export function addTrailers(headers: Record<string, string | string[]>, trailer: Metadata): void {
  const fields = trailersOnly(trailer);
  for (const name of Object.keys(fields)) headers[prefix + name] = fields[name] ?? [];
}
