import {
  fieldOf,
  readRequest,
  refuse,
  serveEnvelopes,
  type HttpFields,
  type HttpProtocol,
  type HttpServerStream,
  type MethodTable,
} from "../grpc/index.js";
import {
  Code,
  createJsonCodec,
  protoCodec,
  RpcError,
  statusOfError,
  type Codec,
  type FailureListener,
  type MethodInfo,
} from "../rpc/index.js";
import type { TypeRegistry } from "../wire/index.js";
import { isGetTarget, readGet, type GetRequest } from "./get.js";
import { protocolVersion, unaryNames } from "./names.js";
import { createStreamDialect } from "./stream-server.js";
import { UnaryServerCall } from "./unary-server.js";

const pattern = /^application\/(connect\+)?(proto|json)(;|$)/;
const types = ["application/proto", "application/json", "application/connect+proto", "application/connect+json"];

/** Connect for a server, over any version of HTTP. */
export function createConnectProtocol(
  methods: MethodTable,
  onFailure: FailureListener,
  registry?: TypeRegistry,
): HttpProtocol {
  const codecs: Readonly<Record<string, Codec>> = { proto: protoCodec, json: createJsonCodec(registry) };
  const dialects = { proto: createStreamDialect(protoCodec), json: createStreamDialect(createJsonCodec(registry)) };

  return {
    types,
    accepts(contentType, headers) {
      if (pattern.test(contentType)) return true;
      return fieldOf(headers, ":method") === "GET" && isGetTarget(fieldOf(headers, ":path") ?? "");
    },
    serve(stream, contentType) {
      const verb = fieldOf(stream.headers, ":method");
      const path = fieldOf(stream.headers, ":path") ?? "";
      if (verb === "GET") return serveGet(stream, path);
      if (verb !== "POST") return refuse(stream, 405, { allow: "POST" });
      const [, streaming, codec] = pattern.exec(contentType) ?? [];
      const unary = methods.get(path)?.method.kind === "unary";
      // a client that knows nothing of envelopes must not take a stream for a message, nor the other way round
      if (methods.get(path) !== undefined && unary === (streaming !== undefined)) return refuseType(stream, unary);
      if (streaming === undefined) return serveUnary(stream, codecs[codec ?? ""] ?? protoCodec);
      serveEnvelopes(stream, methods, codec === "json" ? dialects.json : dialects.proto, onFailure);
    },
  };

  function serveUnary(stream: HttpServerStream, codec: Codec, get?: GetRequest): void {
    const call = new UnaryServerCall(stream);
    try {
      checkVersion(stream);
      const headers = get === undefined ? stream.headers : headersOfGet(stream.headers, get);
      call.answer(readRequest(headers, methods, unaryNames), codec, onFailure, get?.message);
    } catch (error) {
      const known = methods.get(pathOf(stream)) !== undefined;
      call.refuse(statusOfError(error), known ? undefined : 404);
    }
  }

  function serveGet(stream: HttpServerStream, target: string): void {
    const served = methods.get(target.slice(0, target.indexOf("?")));
    if (served !== undefined && !isSafe(served.method)) {
      return refuse(stream, 405, { allow: "POST" });
    }
    try {
      const get = readGet(target);
      const codec = codecs[get.codec];
      if (codec === undefined) return refuseType(stream, true);
      serveUnary(stream, codec, get);
    } catch (error) {
      new UnaryServerCall(stream).refuse(statusOfError(error));
    }
  }
}

/** True for a method that may be asked with GET: it changes nothing, and one message is its answer. */
function isSafe({ kind, idempotency }: MethodInfo): boolean {
  return kind === "unary" && idempotency === "no_side_effects";
}

/** For a method that takes other content types, or other encodings in a query. */
function refuseType(stream: HttpServerStream, unary: boolean): void {
  const taken = types.filter((type) => type.includes("+") !== unary).join(", ");
  refuse(stream, 415, { "accept-post": taken }, `This method takes ${taken}.`);
}

function pathOf({ headers }: HttpServerStream): string {
  return (fieldOf(headers, ":path") ?? "").split("?")[0] ?? "";
}

/** The headers of a GET as a POST would have them. */
function headersOfGet(headers: HttpFields, { compressed }: GetRequest): HttpFields {
  const isPath = (i: number): boolean => i % 2 === 1 && headers[i - 1] === ":path";
  const all = headers.map((value, i) => (isPath(i) ? (value.split("?")[0] ?? "") : value));
  return [...all, unaryNames.encoding, compressed ? "gzip" : "identity"];
}

function checkVersion({ headers }: HttpServerStream): void {
  const version = fieldOf(headers, "connect-protocol-version") ?? protocolVersion;
  if (version === protocolVersion) return;
  const given = JSON.stringify(version.slice(0, 100));
  throw new RpcError(Code.INVALID_ARGUMENT, `connect-protocol-version ${given} is not known, only 1`);
}
