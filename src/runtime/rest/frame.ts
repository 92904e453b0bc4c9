import type { JsonOptions, JsonValue } from "../wire/index.js";
import { RestCode, RestError, errorOfStatus } from "./error.js";
import { type RestRoute, isFields } from "./route.js";

/** What a message of a stream holds, `{"result":…}`. @throws {RestError} for `{"error":…}`, and for anything else. */
export function readFrame(text: string, status: number): JsonValue {
  const frame = JSON.parse(text) as JsonValue;
  if (isFields(frame)) {
    const { result, error } = frame;
    if (error !== undefined) throw errorOfStatus(error, status);
    if (result !== undefined) return result;
  }
  throw new RestError(RestCode.INTERNAL, "the server sent what is neither a result nor an error", { status });
}

/** A message from the JSON of a body. */
export function readValue<O>(route: RestRoute<never, O>, value: JsonValue, options: JsonOptions): O {
  const part = route.responseBody;
  const whole = part === undefined || part === "*" ? value : Object.fromEntries([[part, value]]);
  return route.output.fromJson(whole, options);
}
