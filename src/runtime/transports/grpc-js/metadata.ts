import { Metadata as GrpcMetadata, type StatusObject } from "@grpc/grpc-js";
import { appendFitting, fieldSize, fitTrailers, isReserved, isSingleValue } from "../../grpc/index.js";
import { codeOfNumber, createMetadata, decodeStatusDetails, type Metadata, type RpcStatus } from "../../rpc/index.js";

const detailsKey = "grpc-status-details-bin";

/** Metadata as grpc-js sends it; reserved names are left out, and what is more than there is `room` for. */
export function toGrpcMetadata(metadata: Metadata, room: number = Infinity): GrpcMetadata {
  const result = new GrpcMetadata();
  if (metadata.size === 0) return result;
  let left = room;
  for (const [key, value] of metadata) {
    if (isReserved(key)) continue;
    const size = fieldSize(key, typeof value === "string" ? value.length : Math.ceil((value.length * 4) / 3));
    if (size > left) continue;
    left -= size;
    if (typeof value !== "string") result.add(key, Buffer.from(value));
    else if (isSingleValue(key) && result.get(key).length > 0)
      result.set(key, `${String(result.get(key)[0])},${value}`);
    else result.add(key, value);
  }
  return result;
}

/** Metadata that grpc-js received. @throws {RpcError} `RESOURCE_EXHAUSTED` when it is more than metadata may hold. */
export function fromGrpcMetadata(received: GrpcMetadata): Metadata {
  const result = createMetadata();
  readReceived(received, (key, value) => result.append(key, value));
  return result;
}

/** The same where the call is over anyway: what does not fit is left out. */
export function trailerOf(received: GrpcMetadata): Metadata {
  const result = createMetadata();
  readReceived(received, (key, value) => appendFitting(result, key, value));
  return result;
}

function readReceived(received: GrpcMetadata, take: (key: string, value: string | Uint8Array) => void): void {
  const all = received.toJSON();
  for (const key of Object.keys(all)) {
    if (isReserved(key)) continue;
    for (const value of all[key] ?? []) {
      if (typeof value !== "string") take(key, new Uint8Array(value));
      else if (/^[ -~]*$/.test(value)) take(key, value);
    }
  }
}

/** The end of a call as grpc-js received it. */
export function fromGrpcStatus({ code, details, metadata }: StatusObject): RpcStatus {
  const bytes = metadata.get(detailsKey)[0];
  const rich = bytes === undefined || typeof bytes === "string" ? undefined : decodeStatusDetails(bytes);
  return {
    code: codeOfNumber(code),
    message: code === 0 ? "" : details,
    details: rich?.details ?? [],
    trailer: trailerOf(metadata),
  };
}

/** The trailers of a status, details included, as far as they fit. */
export function trailersOf(status: RpcStatus): GrpcMetadata {
  const { details, room } = fitTrailers(status);
  const metadata = toGrpcMetadata(status.trailer, room);
  if (details !== undefined) metadata.set(detailsKey, Buffer.from(details));
  return metadata;
}

const longestMessage = 4_096;

/** A message as a header can carry it: bounded, and without half characters, at which grpc-js would throw. */
export function messageOf(status: RpcStatus): string {
  return status.message
    .slice(0, longestMessage)
    .replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, "\uFFFD");
}
