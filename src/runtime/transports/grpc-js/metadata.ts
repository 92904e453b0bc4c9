import { Metadata as GrpcMetadata, type StatusObject } from "@grpc/grpc-js";
import {
  codeOfNumber,
  createMetadata,
  decodeStatusDetails,
  encodeStatusDetails,
  type Metadata,
  type RpcStatus,
} from "../../rpc/index.js";

const detailsKey = "grpc-status-details-bin";

/** Names that HTTP/2 or gRPC itself use: sent as metadata they would break the call or the connection. */
const reserved: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "content-type",
  "date",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Headers that node:http2 refuses to send twice; their values are joined as a list. */
const singleValue: ReadonlySet<string> = new Set(
  (
    "access-control-allow-credentials access-control-max-age access-control-request-method age authorization " +
    "content-encoding content-language content-location content-md5 content-range dnt etag expires from " +
    "if-modified-since if-range if-unmodified-since last-modified location max-forwards proxy-authorization range " +
    "referer retry-after tk upgrade-insecure-requests user-agent x-content-type-options"
  ).split(" "),
);

/** What gRPC lets layers around calls say of their attempts. */
const ofRetries: ReadonlySet<string> = new Set(["grpc-previous-rpc-attempts", "grpc-retry-pushback-ms"]);

function isReserved(key: string): boolean {
  return key.startsWith("grpc-") ? !ofRetries.has(key) : reserved.has(key);
}

/** Metadata as grpc-js sends it; reserved names are left out. */
export function toGrpcMetadata(metadata: Metadata): GrpcMetadata {
  const result = new GrpcMetadata();
  if (metadata.size === 0) return result;
  for (const [key, value] of metadata) {
    if (isReserved(key)) continue;
    if (typeof value !== "string") result.add(key, Buffer.from(value));
    else if (singleValue.has(key) && result.get(key).length > 0)
      result.set(key, `${String(result.get(key)[0])},${value}`);
    else result.add(key, value);
  }
  return result;
}

/** Metadata that grpc-js received. @throws {RpcError} `RESOURCE_EXHAUSTED` when it is more than metadata may hold. */
export function fromGrpcMetadata(received: GrpcMetadata): Metadata {
  const result = createMetadata();
  const all = received.toJSON();
  for (const key of Object.keys(all)) {
    if (isReserved(key)) continue;
    for (const value of all[key] ?? []) {
      if (typeof value !== "string") result.append(key, new Uint8Array(value));
      else if (/^[ -~]*$/.test(value)) result.append(key, value);
    }
  }
  return result;
}

/** The same where the call is over anyway: what does not fit is left out. */
export function trailerOf(received: GrpcMetadata): Metadata {
  try {
    return fromGrpcMetadata(received);
  } catch {
    return createMetadata();
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

/** The trailers of a status, details included. */
export function trailersOf(status: RpcStatus): GrpcMetadata {
  const metadata = toGrpcMetadata(status.trailer);
  if (status.details.length > 0) metadata.set(detailsKey, Buffer.from(encodeStatusDetails(status)));
  return metadata;
}

const longestMessage = 4_096;

/** A message as a header can carry it: bounded, and without half characters, at which grpc-js would throw. */
export function messageOf(status: RpcStatus): string {
  return status.message
    .slice(0, longestMessage)
    .replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, "\uFFFD");
}
