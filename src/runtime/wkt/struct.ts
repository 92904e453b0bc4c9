import type { JsonValue } from "../wire/index.js";
import { Struct, type StructInit, Value, type ValueInit } from "./google/protobuf/struct.pb.js";

/** The Struct of a JSON object. */
export function structFromObject(object: { [key: string]: JsonValue }): Struct {
  return Struct.fromJson(object);
}

/** The JSON object of a Struct. */
export function structToObject(struct: StructInit): { [key: string]: JsonValue } {
  const json = Struct.toJson(struct);
  // a Struct's JSON is an object, by construction
  return json as { [key: string]: JsonValue };
}

/** The Value of any JSON. */
export function valueFromJsonValue(json: JsonValue): Value {
  return Value.fromJson(json);
}

/** The JSON of a Value; null for one without a kind. */
export function valueToJsonValue(value: ValueInit): JsonValue {
  return value.kind === undefined ? null : Value.toJson(value);
}
