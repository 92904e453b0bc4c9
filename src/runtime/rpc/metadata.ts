import { Code } from "./status.js";
import { RpcError } from "./error.js";
import type { MetadataInit } from "./types.js";

/**
 * Headers and trailers of a call. Keys are lower case and may have several values; values are printable ASCII, or
 * bytes where the key ends in `-bin`.
 *
 * @example
 * const metadata = createMetadata({ "x-request-id": "42" });
 * metadata.append("x-tag", "a");
 * metadata.set("x-blob-bin", new Uint8Array([1, 2]));
 */
export interface Metadata extends Iterable<readonly [string, string | Uint8Array]> {
  /** The first text value of a key. */
  get(key: string): string | undefined;
  /** All text values of a key. */
  getAll(key: string): readonly string[];
  /** The first value of a `-bin` key. */
  getBytes(key: string): Uint8Array | undefined;
  /** All values of a `-bin` key. */
  getAllBytes(key: string): readonly Uint8Array[];
  has(key: string): boolean;
  /**
   * Replaces the values of a key.
   * @throws {RpcError} `INTERNAL` when key or value cannot travel, `RESOURCE_EXHAUSTED` when there would be too much.
   */
  set(key: string, value: string | Uint8Array | readonly (string | Uint8Array)[]): void;
  /** Adds a value to a key. @throws as `set` does. */
  append(key: string, value: string | Uint8Array): void;
  delete(key: string): void;
  /** Number of values. */
  readonly size: number;
  /** A copy that may be changed on its own. */
  clone(): Metadata;
}

/** Values and bytes (keys, values, and 32 per value as HTTP/2 counts) that one metadata may hold. */
const maxValues = 1_000;
const maxBytes = 64 * 1024;
const overhead = 32;

/** Makes metadata, from names and values or as a copy. */
export function createMetadata(init?: MetadataInit | Metadata): Metadata {
  const metadata = new MetadataMap();
  if (init === undefined) return metadata;
  if (isMetadata(init)) {
    for (const [key, value] of init) metadata.append(key, value);
  } else {
    for (const key of Object.keys(init)) {
      const value = init[key];
      if (value !== undefined) metadata.set(key, value);
    }
  }
  return metadata;
}

/** Adds all of one metadata to another. */
export function appendMetadata(target: Metadata, source: Metadata): void {
  if (source.size === 0) return;
  for (const [key, value] of source) target.append(key, value);
}

function isMetadata(value: MetadataInit | Metadata): value is Metadata {
  return Symbol.iterator in value;
}

type Value = string | Uint8Array;

class MetadataMap implements Metadata {
  #values: Map<string, Value[]> | undefined;
  #count = 0;
  #bytes = 0;

  get size(): number {
    return this.#count;
  }

  get(key: string): string | undefined {
    const first = this.#values?.get(key.toLowerCase())?.[0];
    return typeof first === "string" ? first : undefined;
  }

  getAll(key: string): readonly string[] {
    return this.#values?.get(key.toLowerCase())?.filter((value) => typeof value === "string") ?? [];
  }

  getBytes(key: string): Uint8Array | undefined {
    const first = this.#values?.get(key.toLowerCase())?.[0];
    return typeof first === "string" ? undefined : first;
  }

  getAllBytes(key: string): readonly Uint8Array[] {
    return this.#values?.get(key.toLowerCase())?.filter((value) => typeof value !== "string") ?? [];
  }

  has(key: string): boolean {
    return this.#values?.has(key.toLowerCase()) ?? false;
  }

  set(key: string, value: Value | readonly Value[]): void {
    const values: readonly Value[] = typeof value === "string" || value instanceof Uint8Array ? [value] : value;
    const name = key.toLowerCase();
    // all are checked before any is changed
    for (const each of values) check(name, each);
    this.delete(name);
    for (const each of values) this.#add(name, each);
  }

  append(key: string, value: Value): void {
    const name = key.toLowerCase();
    check(name, value);
    this.#add(name, value);
  }

  delete(key: string): void {
    const name = key.toLowerCase();
    const values = this.#values?.get(name);
    if (values === undefined) return;
    this.#values?.delete(name);
    this.#count -= values.length;
    for (const value of values) this.#bytes -= name.length + value.length + overhead;
  }

  clone(): Metadata {
    const copy = new MetadataMap();
    if (this.#values !== undefined) {
      copy.#values = new Map();
      for (const [key, values] of this.#values) copy.#values.set(key, [...values]);
      copy.#count = this.#count;
      copy.#bytes = this.#bytes;
    }
    return copy;
  }

  *[Symbol.iterator](): Iterator<readonly [string, Value]> {
    if (this.#values === undefined) return;
    for (const [key, values] of this.#values) {
      for (const value of values) yield [key, value];
    }
  }

  #add(name: string, value: Value): void {
    const bytes = this.#bytes + name.length + value.length + overhead;
    if (bytes > maxBytes || this.#count >= maxValues) {
      throw new RpcError(Code.RESOURCE_EXHAUSTED, `metadata holds at most ${maxValues} values in ${maxBytes} bytes`);
    }
    this.#values ??= new Map();
    const values = this.#values.get(name);
    if (values === undefined) this.#values.set(name, [value]);
    else values.push(value);
    this.#count++;
    this.#bytes = bytes;
  }
}

/** The value itself is never shown: it may be a secret. */
function check(name: string, value: Value): void {
  if (!/^[0-9a-z_.-]+$/.test(name)) {
    throw new RpcError(Code.INTERNAL, `${JSON.stringify(name.slice(0, 100))} cannot be a metadata key`);
  }
  if (name.endsWith("-bin")) {
    if (typeof value === "string") throw new RpcError(Code.INTERNAL, `the metadata ${name} takes bytes`);
  } else if (typeof value !== "string") {
    throw new RpcError(Code.INTERNAL, `the metadata ${name} takes text; a key for bytes ends in -bin`);
  } else if (!/^[ -~]*$/.test(value)) {
    throw new RpcError(Code.INTERNAL, `the value of metadata ${name} is not printable ASCII`);
  }
}
