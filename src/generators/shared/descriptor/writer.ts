/** A message in protobuf's binary format while it is being written. Fields without a value are left out by the caller. */
export interface Writer {
  /** Integers and enums; negative ones take ten bytes. */
  varint(number: number, value: number | bigint): void;
  bool(number: number, value: boolean): void;
  text(number: number, value: string): void;
  bytes(number: number, value: Uint8Array): void;
  /** Four bytes, or eight. */
  fixed(number: number, value: Uint8Array): void;
  message(number: number, value: Writer): void;
  /** With tags at both ends in place of a length. */
  group(number: number, value: Writer): void;
  finish(): Uint8Array;
}

const encoder = new TextEncoder();

export function createWriter(): Writer {
  const parts: Uint8Array[] = [];
  let length = 0;

  function push(part: Uint8Array): void {
    parts.push(part);
    length += part.length;
  }

  function head(number: number, wireType: number): void {
    push(varintBytes(BigInt(number) * 8n + BigInt(wireType)));
  }

  function bytes(number: number, value: Uint8Array): void {
    head(number, 2);
    push(varintBytes(BigInt(value.length)));
    push(value);
  }

  return {
    varint(number, value) {
      head(number, 0);
      push(varintBytes(BigInt.asUintN(64, BigInt(value))));
    },
    bool(number, value) {
      head(number, 0);
      push(Uint8Array.of(value ? 1 : 0));
    },
    text: (number, value) => bytes(number, encoder.encode(value)),
    bytes,
    fixed(number, value) {
      head(number, value.length === 4 ? 5 : 1);
      push(value);
    },
    message: (number, value) => bytes(number, value.finish()),
    group(number, value) {
      head(number, 3);
      push(value.finish());
      head(number, 4);
    },
    finish() {
      const all = new Uint8Array(length);
      let at = 0;
      for (const part of parts) {
        all.set(part, at);
        at += part.length;
      }
      return all;
    },
  };
}

function varintBytes(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
