/**
 * The value of a proto option after it was checked against its schema. Enum values are their names,
 * 64-bit integers are bigint, messages are maps by proto field name (an extension's name stands in `[brackets]`).
 */
export type OptionValue = string | number | bigint | boolean | Uint8Array | OptionMessage | readonly OptionValue[];

export type OptionMessage = ReadonlyMap<string, OptionValue>;

/** Options by name: `deprecated` for built-in ones, `[google.api.http]` for extensions. */
export type Options = OptionMessage;

export const noOptions: Options = new Map();

/** Files whose messages are options and parts of them: what extends those says something to generators alone. */
export const optionFiles: ReadonlySet<string> = new Set([
  "google/protobuf/descriptor.proto",
  "buf/validate/validate.proto",
]);
