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
  const metadata = new MetadataList();
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

/** The same for a call that is over anyway: what does not fit is left out. */
export function appendFitting(target: Metadata, source: Metadata): void {
  for (const [key, value] of source) {
    try {
      target.append(key, value);
    } catch {
      // a smaller one may fit
    }
  }
}

function isMetadata(value: MetadataInit | Metadata): value is Metadata {
  return Symbol.iterator in value;
}

type Value = string | Uint8Array;

/** The lists of all that hold nothing, which most metadata does: never changed. */
const none: never[] = [];

/** Names and values in two lists, for there are few of them: maps and lists of lists would cost every call more. */
class MetadataList implements Metadata {
  #names: string[] = none;
  #values: Value[] = none;
  #bytes = 0;

  get size(): number {
    return this.#names.length;
  }

  get(key: string): string | undefined {
    const first = this.#first(key);
    return typeof first === "string" ? first : undefined;
  }

  getAll(key: string): readonly string[] {
    return this.#all(key).filter((value) => typeof value === "string");
  }

  getBytes(key: string): Uint8Array | undefined {
    const first = this.#first(key);
    return typeof first === "string" ? undefined : first;
  }

  getAllBytes(key: string): readonly Uint8Array[] {
    return this.#all(key).filter((value) => typeof value !== "string");
  }

  has(key: string): boolean {
    return this.#names.includes(key.toLowerCase());
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
    if (!this.#names.includes(name)) return;
    const names = this.#names;
    const values = this.#values;
    this.#names = [];
    this.#values = [];
    this.#bytes = 0;
    names.forEach((each, i) => {
      const value = values[i];
      if (each !== name && value !== undefined) this.#add(each, value);
    });
  }

  clone(): Metadata {
    const copy = new MetadataList();
    if (this.size > 0) {
      copy.#names = this.#names.slice();
      copy.#values = this.#values.slice();
      copy.#bytes = this.#bytes;
    }
    return copy;
  }

  *[Symbol.iterator](): Iterator<readonly [string, Value]> {
    const names = this.#names;
    const values = this.#values;
    for (let i = 0; i < names.length; i++) yield [names[i] ?? "", values[i] ?? ""];
  }

  #first(key: string): Value | undefined {
    const at = this.#names.indexOf(key.toLowerCase());
    return at < 0 ? undefined : this.#values[at];
  }

  #all(key: string): readonly Value[] {
    const name = key.toLowerCase();
    return this.#values.filter((_, i) => this.#names[i] === name);
  }

  #add(name: string, value: Value): void {
    const bytes = this.#bytes + name.length + value.length + overhead;
    if (bytes > maxBytes || this.size >= maxValues) {
      throw new RpcError(Code.RESOURCE_EXHAUSTED, `metadata holds at most ${maxValues} values in ${maxBytes} bytes`);
    }
    if (this.#names === none) {
      this.#names = [];
      this.#values = [];
    }
    this.#names.push(name);
    this.#values.push(value);
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
