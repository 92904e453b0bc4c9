import { decodeBase64, encodeText, isKnownEncoding, unknownEncoding, encodeBase64 } from "../grpc/index.js";
import { Code, RpcError } from "../rpc/index.js";

/** What the query of a GET says. */
export interface GetRequest {
  readonly codec: string;
  readonly compressed: boolean;
  readonly message: Uint8Array;
}

/** Longest target that is asked with GET: what servers and caches commonly take. */
export const longestTarget = 8_000;

/** True for a path with a query that looks like a call. */
export function isGetTarget(target: string): boolean {
  return /[?&]encoding=/.test(target);
}

/** @throws {RpcError} for what is no call. */
export function readGet(target: string): GetRequest {
  const query = new URLSearchParams(target.slice(target.indexOf("?") + 1));
  const version = query.get("connect");
  if (version !== null && version !== "v1") throw invalid(`connect=${version} is not known, only v1`);
  const encoding = query.get("compression") ?? "identity";
  if (!isKnownEncoding(encoding)) throw unknownEncoding(encoding);
  const text = query.get("message");
  const base64 = query.get("base64") === "1";
  if (text === null) throw invalid("the query has no message");
  if (base64 && !/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) throw invalid("the message is not base64");
  return {
    codec: query.get("encoding") ?? "",
    compressed: encoding !== "identity",
    message: base64 ? decodeBase64(text) : encodeText(text),
  };
}

function invalid(message: string): RpcError {
  return new RpcError(Code.INVALID_ARGUMENT, message.slice(0, 200));
}

/** The target of a call; always in the same order, for caches. JSON stays readable where it is not compressed. */
export function writeGet(path: string, codec: "proto" | "json", message: Uint8Array, compressed: boolean): string {
  const plain = codec === "json" && !compressed;
  const text = plain
    ? encodeURIComponent(new TextDecoder().decode(message))
    : encodeBase64(message).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  const base64 = plain ? "" : "&base64=1";
  const compression = compressed ? "&compression=gzip" : "";
  return `${path}?connect=v1${base64}${compression}&encoding=${codec}&message=${text}`;
}
