/** An address of the text as its bytes, 4 or 16. */
interface Address {
  readonly bytes: readonly number[];
  /** `%eth0` behind an IPv6 address. */
  readonly zone: boolean;
}

const octet = /^(?:0|[1-9][0-9]{0,2})$/;

function parseV4(text: string): readonly number[] | undefined {
  // longer ones are none, and need not be split
  if (text.length > 15) return undefined;
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => octet.test(part) && Number(part) <= 255)) return undefined;
  return parts.map(Number);
}

/** Pieces of 16 bits in one half of an IPv6 address; the last may be an IPv4 address where that is allowed. */
function parsePieces(text: string, mayEndInV4: boolean): readonly number[] | undefined {
  if (text === "") return [];
  const pieces: number[] = [];
  const parts = text.split(":");
  for (const [i, part] of parts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      pieces.push(Number.parseInt(part, 16));
      continue;
    }
    const v4 = mayEndInV4 && i === parts.length - 1 ? parseV4(part) : undefined;
    if (v4 === undefined) return undefined;
    const [a = 0, b = 0, c = 0, d = 0] = v4;
    pieces.push(a * 256 + b, c * 256 + d);
  }
  return pieces;
}

function parseV6(text: string): Address | undefined {
  const percent = text.indexOf("%");
  const zone = percent >= 0;
  if (zone && percent === text.length - 1) return undefined;
  const address = zone ? text.slice(0, percent) : text;
  if (address.length > 45) return undefined;
  const gap = address.indexOf("::");
  let pieces: readonly number[] | undefined;
  if (gap < 0) {
    pieces = parsePieces(address, true);
  } else {
    const head = parsePieces(address.slice(0, gap), false);
    const tail = parsePieces(address.slice(gap + 2), true);
    if (head === undefined || tail === undefined || head.length + tail.length > 7) return undefined;
    pieces = [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail];
  }
  if (pieces?.length !== 8) return undefined;
  return { bytes: pieces.flatMap((piece) => [piece >> 8, piece & 255]), zone };
}

/** IP version of a rule: 4, 6, or 0 for either. */
export type IpVersion = 0 | 4 | 6;

/** An IPv4 or IPv6 address in text, the latter with a zone where it has one. */
export function isIp(text: string, version: IpVersion = 0): boolean {
  if (version !== 6 && parseV4(text) !== undefined) return true;
  return version !== 4 && parseV6(text) !== undefined;
}

/** An address with the length of its prefix, `10.0.0.0/8`; `strict`: the bits behind the prefix are zero. */
export function isIpPrefix(text: string, version: IpVersion = 0, strict = false): boolean {
  const slash = text.indexOf("/");
  if (slash < 0) return false;
  const address = text.slice(0, slash);
  const length = text.slice(slash + 1);
  if (!octet.test(length)) return false;
  const v6 = version === 4 ? undefined : parseV6(address);
  if (v6?.zone === true) return false;
  const bytes = (version === 6 ? undefined : parseV4(address)) ?? v6?.bytes;
  if (bytes === undefined || Number(length) > bytes.length * 8) return false;
  return !strict || bytes.every((byte, i) => (byte & (0xff >> clamp(Number(length) - i * 8))) === 0);
}

function clamp(bits: number): number {
  return Math.min(8, Math.max(0, bits));
}
