import type { CryptoKey, FlattenedJWSInput, JWSHeaderParameters, JWTPayload, KeyObject } from "jose";
import { systemClock, type Clock } from "../context/index.js";
import { Code, RpcError } from "../rpc/index.js";

/** Public keys, as issuers publish them. */
export interface JsonWebKeySet {
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}

/**
 * Settings of {@link jwt}.
 *
 * @example jwt({ keys: new URL("https://id.example.com/.well-known/jwks.json"), issuer: "https://id.example.com/", audience: "orders" })
 */
export interface JwtOptions {
  /**
   * What signatures are checked with: the address of the issuer's key set (fetched when it is needed, kept, fetched again
   * for a key it does not hold), a key set, a public key, or the bytes of a shared secret: as many as the hash of the
   * algorithm has, 32 for HS256.
   */
  readonly keys: URL | JsonWebKeySet | CryptoKey | KeyObject | Uint8Array;
  /** Who must have made the token, `iss`. */
  readonly issuer: string | readonly string[];
  /** Whom it must be meant for, `aud`: the name of this service. */
  readonly audience: string | readonly string[];
  /**
   * Algorithms that are taken; by default those of public keys, or where `keys` is a secret those that it is long enough
   * for. Never `none`.
   */
  readonly algorithms?: readonly string[] | undefined;
  /** Milliseconds by which clocks may differ; 5,000 by default. */
  readonly clockToleranceMs?: number | undefined;
  /** Claims without which a token is not valid; `exp` by default. */
  readonly requiredClaims?: readonly string[] | undefined;
  /** What a token grants; by default the words of `scope` (RFC 8693), and `scp`, as a text or a list. */
  readonly scopes?: ((claims: JWTPayload) => readonly string[]) | undefined;
  readonly clock?: Clock | undefined;
}

/** What handlers know of a caller with a JWT. */
export interface JwtIdentity {
  readonly claims: JWTPayload;
  readonly scopes: readonly string[];
}

const publicKeyAlgorithms = "RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519".split(" ");
/** With the bytes of their hashes: a secret must not have fewer (RFC 7518, 3.2). */
const secretAlgorithms: ReadonlyMap<string, number> = new Map([
  ["HS256", 32],
  ["HS384", 48],
  ["HS512", 64],
]);

/**
 * Verifies JSON Web Tokens with jose, for `auth`: signature, issuer, audience and times. Which algorithms are taken is
 * decided by the kind of key, not by the token: one that is signed with a public key as if that were a secret is refused.
 *
 * @throws {TypeError} for algorithms that do not go with the kind of key, a secret that is too short for them, and an issuer
 * or audience that is empty.
 * @example
 * const verify = jwt({ keys: new URL("https://id.example.com/keys"), issuer: "https://id.example.com", audience: "users" });
 * const layers = userServiceChain().use(auth({ verify }));
 */
export function jwt(options: JwtOptions): (token: string) => Promise<JwtIdentity> {
  const { keys, issuer, audience, clockToleranceMs = 5_000, requiredClaims = ["exp"], clock = systemClock } = options;
  const { scopes: scopesOf = scopesOfClaims } = options;
  const algorithms = checkedAlgorithms(keys, options.algorithms);
  checkNames("issuer", issuer);
  checkNames("audience", audience);
  let verifier: Promise<Verifier> | undefined;
  return async (token) => {
    const verify = await (verifier ??= loadVerifier(keys).catch((error: unknown) => {
      // what failed for want of files or memory may succeed with the next token
      verifier = undefined;
      throw error;
    }));
    const claims = await verify(token, {
      issuer: [issuer].flat(),
      audience: [audience].flat(),
      algorithms: [...algorithms],
      requiredClaims: [...requiredClaims],
      clockTolerance: clockToleranceMs / 1_000,
      currentDate: new Date(clock.now()),
    });
    return { claims, scopes: scopesOf(claims) };
  };
}

/** One that is empty, from a variable that is not set perhaps, is nobody's name. */
function checkNames(option: string, names: string | readonly string[]): void {
  const list: readonly unknown[] = [names].flat();
  if (list.length > 0 && list.every((name) => typeof name === "string" && name !== "")) return;
  throw new TypeError(`jwt: ${option} is empty`);
}

function checkedAlgorithms(keys: JwtOptions["keys"], given: readonly string[] | undefined): readonly string[] {
  const [kind, possible] = isSecret(keys)
    ? (["a secret", [...secretAlgorithms.keys()]] as const)
    : (["public keys", publicKeyAlgorithms] as const);
  for (const algorithm of given ?? []) {
    if (!possible.includes(algorithm)) {
      throw new TypeError(`jwt: ${algorithm} does not go with ${kind}; possible are ${possible.join(", ")}`);
    }
  }
  if (given?.length === 0) throw new TypeError("jwt: algorithms is empty; leave it out for the defaults");
  const bytes = secretBytes(keys);
  const tooShort = (algorithm: string): boolean => bytes < (secretAlgorithms.get(algorithm) ?? 0);
  // by default those that the secret is long enough for, if there are any
  const taken = given ?? (tooShort("HS256") ? ["HS256"] : possible.filter((algorithm) => !tooShort(algorithm)));
  for (const algorithm of taken) {
    if (!tooShort(algorithm)) continue;
    const least = secretAlgorithms.get(algorithm) ?? 0;
    throw new TypeError(`jwt: the secret has ${bytes} bytes; ${algorithm} needs ${least} at the least`);
  }
  return taken;
}

function isSecret(keys: JwtOptions["keys"]): boolean {
  return keys instanceof Uint8Array || ("type" in keys && keys.type === "secret");
}

/** How long a secret is; infinite for what is none, or does not say it. */
function secretBytes(keys: JwtOptions["keys"]): number {
  if (!isSecret(keys)) return Infinity;
  if (keys instanceof Uint8Array) return keys.length;
  const bytes: unknown = Reflect.get(keys, "symmetricKeySize");
  const algorithm: unknown = Reflect.get(keys, "algorithm");
  if (typeof bytes === "number") return bytes;
  const bits =
    typeof algorithm === "object" && algorithm !== null && "length" in algorithm ? algorithm.length : undefined;
  return typeof bits === "number" ? Math.floor(bits / 8) : Infinity;
}

interface VerifyOptions {
  readonly issuer: string[];
  readonly audience: string[];
  readonly algorithms: string[];
  readonly requiredClaims: string[];
  readonly clockTolerance: number;
  readonly currentDate: Date;
}

type Verifier = (token: string, options: VerifyOptions) => Promise<JWTPayload>;

/** A module that is not installed is no fault of the token. */
async function loadVerifier(keys: JwtOptions["keys"]): Promise<Verifier> {
  try {
    return await createVerifier(keys);
  } catch (cause) {
    throw new RpcError(Code.INTERNAL, "internal error", { cause });
  }
}

async function createVerifier(keys: JwtOptions["keys"]): Promise<Verifier> {
  const { createLocalJWKSet, createRemoteJWKSet, errors, jwtVerify } = await import("jose");
  const find = keyFinder();
  return async (token, options) => {
    // a key set that cannot be fetched says nothing about the token
    let unreachable = false;
    const findKey = async (header: JWSHeaderParameters, input: FlattenedJWSInput): Promise<CryptoKey> => {
      try {
        return await find(header, input);
      } catch (error) {
        unreachable = !(error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys);
        throw error;
      }
    };
    try {
      const { payload } = isKeySet(keys)
        ? await jwtVerify(token, findKey, options)
        : await jwtVerify(token, keys, options);
      return payload;
    } catch (error) {
      // the errors of the library hold the claims, which do not belong into logs
      const cause = new Error(error instanceof Error ? error.message : "verification failed");
      if (unreachable) throw new RpcError(Code.UNAVAILABLE, "the keys of the issuer cannot be fetched", { cause });
      const expired = error instanceof errors.JWTExpired;
      throw new RpcError(Code.UNAUTHENTICATED, expired ? "the token has expired" : "the token is not valid", { cause });
    }
  };

  function keyFinder(): (header: JWSHeaderParameters, input: FlattenedJWSInput) => Promise<CryptoKey> {
    if (keys instanceof URL) return createRemoteJWKSet(keys);
    // sound because it is copied as it is: what is no key in it is refused when it is looked for
    if (isKeySet(keys)) return createLocalJWKSet({ keys: keys.keys.map((key) => ({ kty: "", ...key })) });
    return () => Promise.reject(new TypeError("jwt: there is one key"));
  }
}

function isKeySet(keys: JwtOptions["keys"]): keys is URL | JsonWebKeySet {
  // bytes have a method of that name
  return !(keys instanceof Uint8Array) && (keys instanceof URL || "keys" in keys);
}

/** Both ways in which issuers write it. */
function scopesOfClaims(claims: JWTPayload): readonly string[] {
  return [claims["scope"], claims["scp"]].flatMap((value) => {
    if (typeof value === "string") return value.split(" ").filter((scope) => scope !== "");
    return Array.isArray(value) ? value.filter((scope) => typeof scope === "string") : [];
  });
}
