import { checkBlank, unwritable } from "./error.js";

/** An array of that length to be filled; the fastest there is, and the length was counted, not claimed. */
export function sized<T>(length: number): T[] {
  // oxlint-disable-next-line unicorn/no-new-array -- Array.from is many times slower
  return new Array<T>(length);
}

type Entries<V> = { readonly [key: string]: V };

/** Sets an entry of a map field. A key such as `__proto__` stays a key. */
export function setEntry<V>(map: { [key: string]: V }, key: string | number | bigint | boolean, value: V): void {
  const name = typeof key === "string" ? key : String(key);
  // the length first: texts that were just read are compared by a call
  if (name.length === 9 && name === "__proto__") {
    Object.defineProperty(map, name, { value, enumerable: true, configurable: true, writable: true });
  } else {
    map[name] = value;
  }
}

/** The keys of a map field. @throws {WireError} for what is no map. */
export function mapKeys<V>(map: Entries<V>): readonly string[] {
  if (typeof map !== "object" || map === null || Array.isArray(map)) throw unwritable("an object", map);
  const keys = Object.keys(map);
  if (keys.length === 0) checkBlank(map, "an object");
  return keys;
}

/** True for a list with elements. @throws {WireError} for what is no list. */
export function hasItems(list: readonly unknown[] | undefined): list is readonly unknown[] {
  if (list === undefined) return false;
  if (!Array.isArray(list)) throw unwritable("an array", list);
  return list.length !== 0;
}

/** True for a map field with entries. @throws {WireError} for what is no map. */
export function hasEntries<V>(map: Entries<V> | undefined): map is Entries<V> {
  if (map === undefined) return false;
  if (typeof map !== "object" || map === null || Array.isArray(map)) throw unwritable("an object", map);
  for (const key in map) if (Object.hasOwn(map, key)) return true;
  checkBlank(map, "an object");
  return false;
}

/** The same elements, each replaced. @throws {WireError} for what is no list. */
export function mapItems<V, W>(list: readonly V[] | undefined, convert: (value: V) => W): W[] | undefined {
  return hasItems(list) ? list.map((value) => convert(value)) : undefined;
}

/** The same entries, each value replaced. */
export function copyMap<V, W>(map: Entries<V> | undefined, copy: (value: V) => W): { [key: string]: W } {
  const result: { [key: string]: W } = {};
  if (map === undefined) return result;
  for (const key of mapKeys(map)) {
    const value = map[key];
    if (value !== undefined) setEntry(result, key, copy(value));
  }
  return result;
}

/** A list of its own. */
export function copyList<V>(list: readonly V[] | undefined): V[] {
  return list === undefined ? [] : list.slice();
}

/** The set field of a oneof, whose value needs no copy. */
export function copyCase<T extends object>(field: T | undefined): T | undefined {
  return field === undefined ? undefined : { ...field };
}

/** For a oneof that has none of the fields that the contract knows. @throws {WireError} unless it is absent. */
export function checkCase(field: { readonly case: string } | undefined): void {
  if (field === undefined) return;
  if (typeof field !== "object" || field === null) throw unwritable("a field of the oneof as { case, value }", field);
  throw unwritable("the name of a field of the oneof", field.case);
}

/** A list of whole messages. */
export function createList<Init, T>(list: readonly Init[] | undefined, create: (init: Init) => T): T[] {
  if (list === undefined) return [];
  const all = sized<T>(list.length);
  for (let i = 0; i < list.length; i++) all[i] = create(list[i]!);
  return all;
}

/** The value itself, for maps whose values need no copy. */
export function same<V>(value: V): V {
  return value;
}

const signed = /^(0|-?[1-9][0-9]*)$/;

/** The number that a key of an integer map stands for. */
export function int32Key(key: string): number {
  const value = Number(key);
  if (!signed.test(key) || (value | 0) !== value) throw unwritable("a 32-bit integer as map key", key);
  return value;
}

/** Like {@link int32Key}, unsigned. */
export function uint32Key(key: string): number {
  const value = Number(key);
  if (!signed.test(key) || value >>> 0 !== value) throw unwritable("an unsigned 32-bit integer as map key", key);
  return value;
}

/** Like {@link int32Key}, of 64 bits. */
export function int64Key(key: string): bigint {
  if (!signed.test(key) || key.length > 20) throw unwritable("a 64-bit integer as map key", key);
  const value = BigInt(key);
  if (BigInt.asIntN(64, value) !== value) throw unwritable("a 64-bit integer as map key", key);
  return value;
}

/** Like {@link int32Key}, unsigned and of 64 bits. */
export function uint64Key(key: string): bigint {
  if (!signed.test(key) || key.length > 20) throw unwritable("an unsigned 64-bit integer as map key", key);
  const value = BigInt(key);
  if (BigInt.asUintN(64, value) !== value) throw unwritable("an unsigned 64-bit integer as map key", key);
  return value;
}

/** Like {@link int32Key}, for `true` and `false`. */
export function boolKey(key: string): boolean {
  if (key !== "true" && key !== "false") throw unwritable('"true" or "false" as map key', key);
  return key === "true";
}

/** The key itself. */
export function stringKey(key: string): string {
  return key;
}
