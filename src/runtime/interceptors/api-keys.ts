import { Code, RpcError } from "../rpc/index.js";
import { digestOf } from "./canonical.js";

/** A key that a service knows, by its hash: who reads the service's settings cannot call it. */
export interface ApiKey {
  /** Names it in logs and handlers. */
  readonly id: string;
  /** What {@link hashApiKey} makes of the key: SHA-256, 64 hex digits. */
  readonly hash: string;
  /** What it grants; nothing by default. */
  readonly scopes?: readonly string[] | undefined;
}

/** Where keys are. */
export type ApiKeySource =
  | readonly ApiKey[]
  /** Finds a key by its hash, in a database. */
  | ((hash: string) => ApiKey | undefined | Promise<ApiKey | undefined>);

/** What handlers know of a caller with a key. */
export interface ApiKeyIdentity {
  readonly apiKey: { readonly id: string };
  readonly scopes: readonly string[];
}

/**
 * The hash under which a service knows a key. Keys are long and random (128 bits or more), so that a plain hash is as
 * good as one that takes long.
 *
 * @example console.log(await hashApiKey("wk_7f3c…"));
 */
export function hashApiKey(key: string): Promise<string> {
  return digestOf(key);
}

/**
 * Verifies API keys, for `auth`. A key is compared by its hash with all that there are, in a time that does not tell
 * which it resembles.
 *
 * @throws {TypeError} for a key whose hash is no SHA-256 in hex.
 * @example
 * const keys = [{ id: "billing", hash: process.env.BILLING_KEY_HASH ?? "", scopes: ["invoices.read"] }];
 * const layers = chain().use(auth({ header: "x-api-key", verify: apiKeys(keys) }));
 */
export function apiKeys(source: ApiKeySource): (key: string) => Promise<ApiKeyIdentity> {
  const find = typeof source === "function" ? source : createComparison(source);
  return async (key) => {
    const hash = await hashApiKey(key);
    const found = await find(hash);
    if (found === undefined || !isEqual(hash, found.hash.toLowerCase())) {
      throw new RpcError(Code.UNAUTHENTICATED, "the API key is not known");
    }
    return { apiKey: { id: found.id }, scopes: found.scopes ?? [] };
  };
}

function createComparison(keys: readonly ApiKey[]): (hash: string) => ApiKey | undefined {
  for (const { id, hash } of keys) {
    if (!/^[0-9a-f]{64}$/i.test(hash)) throw new TypeError(`the hash of the API key ${id} is no SHA-256 in hex`);
  }
  return (hash) => {
    let found: ApiKey | undefined;
    // all of them, also after a match
    for (const key of keys) if (isEqual(hash, key.hash.toLowerCase())) found = key;
    return found;
  };
}

/** Compares texts of one length without stopping at the first difference. */
function isEqual(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}
