/**
 * Where it is kept which work was done, so that work that is asked for twice is done once. A key is absent, then being
 * worked on under a lease, then done with its result until that is forgotten. The work is marked as done after it
 * succeeded, never before: a process that dies in between leaves a lease that runs out.
 *
 * @example
 * const claim = await store.claim("charge:42", { fingerprint, leaseMs: 30_000 });
 * if (claim.state === "claimed") {
 *   try {
 *     await store.complete("charge:42", claim.token, { fingerprint, result: await charge(), ttlMs: 86_400_000 });
 *   } catch (error) {
 *     await store.release("charge:42", claim.token);
 *     throw error;
 *   }
 * }
 */
export interface IdempotencyStore {
  /** Takes the key when it is free, in one step; says otherwise what it stands for. At once where nothing is waited for. */
  claim(key: string, request: ClaimRequest): Promise<Claim> | Claim;
  /**
   * Done: keeps the result. False, and nothing is kept, when the lease has gone to somebody else in the meantime. At once
   * likewise.
   */
  complete(key: string, token: string, done: Completed): Promise<boolean> | boolean;
  /** Failed: frees the key. False when the lease has gone. */
  release(key: string, token: string): Promise<boolean>;
  /** Still at it: the lease lasts that long from now. False when it has gone. */
  extend(key: string, token: string, leaseMs: number): Promise<boolean>;
}

/** What somebody wants to do under a key. */
export interface ClaimRequest {
  /** A hash of what is to be done, so that another piece of work under the same key is noticed. No spaces. */
  readonly fingerprint: string;
  /** Milliseconds after which the key is free again when nobody is heard of. */
  readonly leaseMs: number;
}

/** What became of a claim. */
export type Claim =
  /** It is the caller's turn; `token` is the proof. */
  | { readonly state: "claimed"; readonly token: string }
  /** Somebody else is at it. */
  | { readonly state: "processing"; readonly fingerprint: string }
  | { readonly state: "done"; readonly fingerprint: string; readonly result: Uint8Array };

/** Work that succeeded. */
export interface Completed {
  readonly fingerprint: string;
  /** Given to whoever asks for the same again; may be empty. */
  readonly result: Uint8Array;
  /** Milliseconds for which it is remembered. */
  readonly ttlMs: number;
}
