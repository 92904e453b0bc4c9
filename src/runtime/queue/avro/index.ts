import type { PayloadType } from "../../wire/index.js";
import { printPath, type ShapeRef } from "../checker.js";
import { QueueError } from "../errors.js";
import { invalid, jsonPayload } from "../payload.js";
import { createReader, createWriter, undecodable } from "./bytes.js";
import { array, map, record, union } from "./composite.js";
import { logical } from "./logical.js";
import { enumeration, fixed, primitives } from "./primitives.js";
import { AvroMismatch, type AvroRef, type AvroType, resolveAvro } from "./type.js";

export type { RecordRules } from "./composite.js";
export type { DecimalRules } from "./logical.js";
export type { AvroRef, AvroType } from "./type.js";

/**
 * The vocabulary of emitted Avro codecs: plain functions that make types, one for each of Avro's.
 *
 * @example const user: AvroType = avro.record({ fields: { id: avro.string(), age: avro.union([avro.null(), avro.int()]) } });
 */
export const avro = {
  null: (): AvroType => primitives.null,
  boolean: (): AvroType => primitives.boolean,
  int: (): AvroType => primitives.int,
  long: (): AvroType => primitives.long,
  float: (): AvroType => primitives.float,
  double: (): AvroType => primitives.double,
  string: (): AvroType => primitives.string,
  bytes: (): AvroType => primitives.bytes,
  fixed: ({ size }: { readonly size: number }): AvroType => fixed(size),
  enum: enumeration,
  record,
  array,
  map,
  union,
  ...logical,
} as const;

/**
 * A payload described by an Avro schema: Avro's binary encoding as its own bytes, and JSON and MessagePack checked
 * against the shape. Integers of 64 bits are bigints, bytes `Uint8Array`, times and decimals texts. What does not fit
 * is a `QueueError` with the code `invalid` and the path to it, bytes that are none of the schema `undecodable`.
 *
 * @example const OrderPlaced = avroPayload<OrderPlaced>({ name: "OrderPlaced", avro: orderPlacedAvro, shape: orderPlacedShape });
 */
export function avroPayload<T, Init = T>(options: {
  readonly name: string;
  readonly avro: AvroRef;
  /** Of its JSON. */
  readonly shape: ShapeRef;
}): PayloadType<T, Init> {
  const { name } = options;
  const json = jsonPayload<T, Init>(name, options.shape);

  function encode(message: Init): Uint8Array {
    const out = createWriter();
    try {
      resolveAvro(options.avro).write(message, out);
    } catch (error) {
      if (error instanceof AvroMismatch) throw invalid(name, [{ path: printPath(error.path), message: error.message }]);
      if (error instanceof RangeError) throw new QueueError("invalid", `${name}: is nested too deep`, { cause: error });
      throw error;
    }
    return out.done();
  }

  function decode(bytes: Uint8Array): T {
    const input = createReader(bytes);
    const value = resolveAvro(options.avro).read(input);
    if (input.left() > 0) throw undecodable("bytes follow the value");
    // sound as far as the contract goes: the schema's own codec made the value
    return value as T;
  }

  return { ...json, encoding: "avro", create: (init) => json.create(init), encode, decode };
}
