import { Code, parseTimeout, RpcError, type Metadata } from "../rpc/index.js";
import { acceptsGzip, isKnownEncoding } from "./compression.js";
import { metadataOf } from "./headers.js";
import type { HttpFields } from "./http.js";
import type { MethodTable, ServedMethod } from "./methods.js";

/** How a protocol calls the headers of its requests that are no metadata. */
export interface RequestNames {
  readonly timeout: string;
  /** How the messages of a request may be compressed. */
  readonly encoding: string;
  /** How those of the response may be. */
  readonly accept: string;
  /** Milliseconds of a timeout; undefined when it is malformed. */
  readTimeout(value: string): number | undefined;
  /** The code of requests whose timeout or compression is malformed. */
  readonly malformed: Code;
}

/** The names of gRPC and gRPC-Web. */
export const grpcNames: RequestNames = {
  timeout: "grpc-timeout",
  encoding: "grpc-encoding",
  accept: "grpc-accept-encoding",
  readTimeout: parseTimeout,
  malformed: Code.INTERNAL,
};

/** What the headers of a request say. */
export interface Request {
  readonly served: ServedMethod;
  readonly metadata: Metadata;
  /** Milliseconds since the epoch. */
  readonly deadline: number | undefined;
  /** Its messages may be compressed. */
  readonly compressed: boolean;
  /** Those of the response are. */
  readonly gzip: boolean;
}

/** @throws {RpcError} when the call cannot be answered. */
export function readRequest(headers: HttpFields, methods: MethodTable, names: RequestNames): Request {
  let path = "";
  let timeout: string | undefined;
  let encoding = "identity";
  let accepted: string | undefined;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const value = headers[i + 1] ?? "";
    switch (headers[i]) {
      case ":path":
        path = value;
        break;
      case names.timeout:
        timeout = value;
        break;
      case names.encoding:
        encoding = value;
        break;
      case names.accept:
        accepted = value;
        break;
    }
  }
  const served = methods.get(path);
  if (served === undefined) throw new RpcError(Code.UNIMPLEMENTED, `nobody implements ${path.slice(0, 200)}`);
  if (!isKnownEncoding(encoding)) throw unknownEncoding(encoding);
  const compressed = encoding !== "identity";
  const { compression } = served.limits;
  return {
    served,
    metadata: metadataOf(headers),
    deadline: deadlineOf(timeout, names),
    compressed,
    gzip: compression === "gzip" ? acceptsGzip(accepted) : compression === undefined && compressed,
  };
}

/** The failure of a request in an encoding that nobody here reads. */
export function unknownEncoding(encoding: string): RpcError {
  const name = JSON.stringify(encoding.slice(0, 100));
  return new RpcError(Code.UNIMPLEMENTED, `messages compressed with ${name} cannot be read, only with gzip`);
}

/** When a call is over that may take that time. @throws {RpcError} when the timeout is malformed. */
export function deadlineOf(
  timeout: string | undefined,
  { timeout: name, readTimeout, malformed }: RequestNames,
): number | undefined {
  if (timeout === undefined) return undefined;
  const left = readTimeout(timeout);
  if (left === undefined) throw new RpcError(malformed, `the ${name} is malformed`);
  return Date.now() + left;
}
