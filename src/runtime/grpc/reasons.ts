import { Code, createMetadata, isRpcError, statusOfError, type RpcStatus } from "../rpc/index.js";

/** What OpenSSL finds wrong with a handshake, and what that means to a client. Its words differ with its version. */
const handshakes: readonly (readonly [RegExp, string])[] = [
  [/certificate required/, "the server wants a client certificate: tls.cert and tls.key"],
  [
    /alert (unknown ca|bad certificate|certificate \w+|unsupported certificate|access denied)/,
    "the server does not take the client's certificate",
  ],
  [/alert handshake failure/, "the server refused the handshake; it may want a client certificate, or other ciphers"],
  [
    /wrong version number|packet length too long|unknown protocol|record layer failure/,
    "the server does not speak TLS",
  ],
  [/no application protocol/, "the server agrees on no version of HTTP (ALPN)"],
  [/protocol version|unsupported protocol/, "the server speaks no version of TLS that is spoken here"],
];

/** Why Node does not trust a certificate; with these it is the authority that is not known. */
const unknownAuthority =
  /^(UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT(_LOCALLY)?)|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT)$/;
const otherDistrust =
  /^(ERR_TLS_CERT_ALTNAME_INVALID|(CERT|CRL)_\w+|INVALID_(CA|PURPOSE)|HOSTNAME_MISMATCH|UNABLE_TO_\w+)$/;

/**
 * Why a client has no connection, in one line: what happened and, where it is known, what to do. The error itself says
 * more, and belongs into `cause`.
 */
export function reasonOf(error: unknown): string {
  // one for each address of a name
  if (error instanceof AggregateError && error.errors.length > 0) {
    return [...new Set(error.errors.map(reasonOf))].join("; ");
  }
  // fetch hides behind these words what happened
  if (error instanceof Error && error.cause instanceof Error && error.message === "fetch failed") {
    return reasonOf(error.cause);
  }
  const code = codeOf(error);
  if (unknownAuthority.test(code)) {
    return `the server's certificate is not trusted: ${lineOf(error)}; tls.ca is for authorities that Node does not know`;
  }
  if (otherDistrust.test(code)) return `the server's certificate is not trusted: ${lineOf(error)}`;
  const words = opensslReason(error);
  if (words === undefined) return lineOf(error);
  const [, meaning = "the handshake of TLS failed"] = handshakes.find(([pattern]) => pattern.test(words)) ?? [];
  return `${meaning} (${words})`;
}

/** What OpenSSL says in a few words, `wrong version number`; undefined for what is none of its errors. */
export function opensslReason(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ("reason" in error && typeof error.reason === "string" && "library" in error) return error.reason;
  // `80FC…:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../deps/…`
  return /:error:[0-9A-F]+:[^:]*:[^:]*:([^:\n]+)/.exec(error.message)?.[1];
}

/** The first line of what an error says. */
export function lineOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.trim().split(/\s*[\r\n]/)[0] ?? "";
}

export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** The status of a call whose connection is gone, or did not come about where an RpcError says so. */
export function statusOfLoss(cause: Error): RpcStatus {
  if (isRpcError(cause)) return statusOfError(cause);
  const message = `the connection was lost: ${reasonOf(cause)}`;
  return { code: Code.UNAVAILABLE, message, details: [], trailer: createMetadata(), cause };
}
