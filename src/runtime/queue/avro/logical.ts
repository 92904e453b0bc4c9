import { undecodable } from "./bytes.js";
import { fixed, isLong, primitives } from "./primitives.js";
import { AvroMismatch, type AvroType } from "./type.js";

/** A type whose values programs see as texts. `parse` gives undefined for what is none. */
function textType<Base>(
  name: string,
  base: AvroType,
  expected: string,
  parse: (text: string) => Base | undefined,
  print: (value: Base) => string | undefined,
): AvroType {
  const printed = (value: unknown): string => {
    // sound: the base type has read it
    const text = print(value as Base);
    if (text === undefined) throw undecodable(`a ${name} is out of range`);
    return text;
  };
  return {
    name,
    fits: (value) => typeof value === "string" && parse(value) !== undefined,
    write(value, out) {
      const parsed = typeof value === "string" ? parse(value) : undefined;
      if (parsed === undefined) throw new AvroMismatch(`must be ${expected}`);
      base.write(parsed, out);
    },
    read: (input) => printed(base.read(input)),
    fromDefault: (json) => printed(base.fromDefault(json)),
  };
}

const dayMillis = 86_400_000;

const date = textType<number>("date", primitives.int, "a date like 2025-01-15", parseDate, (days) => {
  const day = new Date(days * dayMillis);
  return isPrintable(day) ? day.toISOString().slice(0, 10) : undefined;
});

function parseDate(text: string): number | undefined {
  const millis = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  // February 30th would be a day in March
  return !Number.isNaN(millis) && new Date(millis).toISOString().startsWith(text) ? millis / dayMillis : undefined;
}

/** Years that have four digits. */
function isPrintable(date: Date): boolean {
  const millis = date.getTime();
  return millis >= -62_167_219_200_000 && millis < 253_402_300_800_000;
}

/** `.123` as so many parts of a second; undefined where digits would be lost. */
function fractionOf(text: string | undefined, digits: number): bigint | undefined {
  const given = (text ?? "").replace(/0+$/, "");
  return given.length > digits ? undefined : BigInt(given.padEnd(digits, "0") || "0");
}

function timeOfDay(name: string, base: AvroType, digits: 3 | 6): AvroType {
  const unit = 10n ** BigInt(digits);
  const parse = (text: string): bigint | undefined => {
    const match = /^([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,12}))?$/.exec(text);
    const fraction = fractionOf(match?.[4], digits);
    if (match === null || fraction === undefined) return undefined;
    const seconds = Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3]);
    return BigInt(seconds) * unit + fraction;
  };
  const print = (value: bigint | number): string | undefined => {
    const units = BigInt(value);
    if (units < 0n || units >= 86_400n * unit) return undefined;
    const text = new Date(Number(units / unit) * 1000).toISOString().slice(11, 19);
    return `${text}.${String(units % unit).padStart(digits, "0")}`;
  };
  const isInt = base === primitives.int;
  return textType<bigint | number>(
    name,
    base,
    "a time like 09:30:00.000",
    (text) => {
      const units = parse(text);
      return isInt && units !== undefined ? Number(units) : units;
    },
    print,
  );
}

function timestamp(name: string, digits: 3 | 6 | 9, zone: "Z" | ""): AvroType {
  const unit = 10n ** BigInt(digits);
  const pattern =
    zone === "Z"
      ? /^(\d{4}-\d\d-\d\d)[Tt]([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,12}))?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))$/
      : /^(\d{4}-\d\d-\d\d)[Tt]([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,12}))?$/;
  return textType<bigint>(
    name,
    primitives.long,
    `a time like 2025-01-15T09:30:00.000${zone}`,
    (text) => {
      const match = pattern.exec(text);
      const day = parseDate(match?.[1] ?? "");
      const fraction = fractionOf(match?.[5], digits);
      if (match === null || day === undefined || fraction === undefined) return undefined;
      const offset = (Number(match[7] ?? 0) * 60 + Number(match[8] ?? 0)) * (match[6] === "-" ? -60 : 60);
      const seconds = day * 86_400 + Number(match[2]) * 3600 + Number(match[3]) * 60 + Number(match[4]) - offset;
      const units = BigInt(seconds) * unit + fraction;
      return isLong(units) ? units : undefined;
    },
    (units) => {
      const fraction = ((units % unit) + unit) % unit;
      const moment = new Date(Number((units - fraction) / unit) * 1000);
      if (!isPrintable(moment)) return undefined;
      return `${moment.toISOString().slice(0, 19)}.${String(fraction).padStart(digits, "0")}${zone}`;
    },
  );
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const parseUuid = (text: string): string | undefined => (uuidPattern.test(text) ? text : undefined);
const uuid = textType<string>("uuid", primitives.string, "a UUID", parseUuid, parseUuid);

/** A UUID in 16 bytes. */
const uuidBytes = textType<Uint8Array>(
  "uuid",
  fixed(16),
  "a UUID",
  (text) => (uuidPattern.test(text) ? Uint8Array.from(Buffer.from(text.replaceAll("-", ""), "hex")) : undefined),
  (bytes) =>
    Buffer.from(bytes)
      .toString("hex")
      .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5"),
);

export interface DecimalRules {
  readonly precision: number;
  /** Digits behind the point. */
  readonly scale?: number;
  /** Bytes of a fixed; any number of them by default. */
  readonly size?: number;
}

/** A decimal number, exact, as text with all digits of its scale: `"12.50"`. */
function decimal({ precision, scale = 0, size }: DecimalRules): AvroType {
  const base = size === undefined ? primitives.bytes : fixed(size);
  // no more than the precision needs, whatever a stranger sends
  const widest = Math.ceil((precision * Math.log2(10) + 1) / 8) + 1;
  return textType<Uint8Array>(
    "decimal",
    base,
    `a decimal number of ${precision} digits, ${scale} of them behind the point, in a text`,
    (text) => {
      const match = /^(-?)(\d{1,1000})(?:\.(\d{1,1000}))?$/.exec(text);
      const fraction = (match?.[3] ?? "").replace(/0+$/, "");
      if (match === null || fraction.length > scale) return undefined;
      const digits = BigInt(`${match[2]}${fraction.padEnd(scale, "0")}`);
      if (digits >= 10n ** BigInt(precision)) return undefined;
      return bytesOf(match[1] === "-" ? -digits : digits, size);
    },
    (bytes) => {
      if (size === undefined && bytes.length > widest) return undefined;
      const digits = bigintOf(bytes);
      const plain = String(digits < 0n ? -digits : digits).padStart(scale + 1, "0");
      const point = plain.length - scale;
      const text = scale === 0 ? plain : `${plain.slice(0, point)}.${plain.slice(point)}`;
      return digits < 0n ? `-${text}` : text;
    },
  );
}

/** Two's complement, big-endian; the fewest bytes that hold it, or that many. */
function bytesOf(value: bigint, size: number | undefined): Uint8Array | undefined {
  let length = size ?? 1;
  if (size === undefined) while (BigInt.asIntN(length * 8, value) !== value) length++;
  if (BigInt.asIntN(length * 8, value) !== value) return undefined;
  const bytes = new Uint8Array(length);
  let rest = BigInt.asUintN(length * 8, value);
  for (let i = length - 1; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  return bytes;
}

function bigintOf(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return BigInt.asIntN(bytes.length * 8, value);
}

export const logical = {
  decimal,
  uuid: (): AvroType => uuid,
  uuidBytes: (): AvroType => uuidBytes,
  date: (): AvroType => date,
  timeMillis: (): AvroType => timeMillis,
  timeMicros: (): AvroType => timeMicros,
  timestampMillis: (): AvroType => timestamps.millis,
  timestampMicros: (): AvroType => timestamps.micros,
  timestampNanos: (): AvroType => timestamps.nanos,
  localTimestampMillis: (): AvroType => localTimestamps.millis,
  localTimestampMicros: (): AvroType => localTimestamps.micros,
  localTimestampNanos: (): AvroType => localTimestamps.nanos,
} as const;

const timeMillis = timeOfDay("time-millis", primitives.int, 3);
const timeMicros = timeOfDay("time-micros", primitives.long, 6);
const timestamps = {
  millis: timestamp("timestamp-millis", 3, "Z"),
  micros: timestamp("timestamp-micros", 6, "Z"),
  nanos: timestamp("timestamp-nanos", 9, "Z"),
};
const localTimestamps = {
  millis: timestamp("local-timestamp-millis", 3, ""),
  micros: timestamp("local-timestamp-micros", 6, ""),
  nanos: timestamp("local-timestamp-nanos", 9, ""),
};
