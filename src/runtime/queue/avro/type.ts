import type { AvroReader, AvroWriter } from "./bytes.js";

/** How values of one Avro schema are written and read. Made by the functions of `avro`. */
export interface AvroType {
  /** As Avro's specification calls it: `long`, `record`. */
  readonly name: string;
  /** @throws {AvroMismatch} when the value does not fit. */
  write(value: unknown, out: AvroWriter): void;
  read(input: AvroReader): unknown;
  /** Whether a union may write the value as this branch. */
  fits(value: unknown): boolean;
  /** A default of the contract, in Avro's JSON, as programs see it. */
  fromDefault(json: unknown): unknown;
}

/** A type, or a function that gives it: how recursive types refer to each other. */
export type AvroRef = AvroType | (() => AvroRef);

/** The type behind a reference. */
export function resolveAvro(ref: AvroRef): AvroType {
  let type = ref;
  while (typeof type === "function") type = type();
  return type;
}

/** A value that does not fit its schema, with the path to it; the innermost part comes last. */
export class AvroMismatch extends Error {
  readonly path: (string | number)[] = [];

  constructor(message: string) {
    super(message);
    this.name = "AvroMismatch";
  }
}

/** The error with one more step of the path to it. */
export function within(error: unknown, key: string | number): unknown {
  if (error instanceof AvroMismatch) error.path.unshift(key);
  return error;
}
