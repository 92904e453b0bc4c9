import { acceptedEncodings, concat, encodeEnvelope, type ServerDialect } from "../grpc/index.js";
import type { Codec } from "../rpc/index.js";
import { encodeEndOfStream } from "./errors.js";
import { streamNames } from "./names.js";

/** The flag of the frame that ends a response. */
export const endFlag = 2;

/** Streams of Connect, for a server. */
export function createStreamDialect(codec: Codec): ServerDialect {
  const headers = { ":status": "200", "content-type": `application/connect+${codec.id}` };
  return {
    ...streamNames,
    codec,
    headers,
    gzipHeaders: { ...headers, "connect-content-encoding": "gzip", "connect-accept-encoding": acceptedEncodings },
    failed: undefined,
    rest: "data",
    end(stream, last, status) {
      const end = encodeEnvelope(endFlag, encodeEndOfStream(status));
      stream.end(last === undefined ? end : concat([last, end]));
    },
  };
}
