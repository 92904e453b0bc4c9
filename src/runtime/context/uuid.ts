const length = 36;
const count = 64;
const digits = new TextEncoder().encode("0123456789abcdef");
/** Where the dashes are, in `8-4-4-4-12`. */
const dashes: ReadonlySet<number> = new Set([8, 13, 18, 23]);

/** Many of them in one text, of which they are cut: put together one by one, each is a chain of twenty pieces. */
let pool = "";
let used = 0;

/** A random UUID, version 4. */
export function randomUuid(): string {
  if (used === pool.length) {
    pool = makeMany();
    used = 0;
  }
  return pool.slice(used, (used += length));
}

function makeMany(): string {
  const random = crypto.getRandomValues(new Uint8Array(16 * count));
  const text = new Uint8Array(length * count);
  let at = 0;
  for (let i = 0; i < random.length; i++) {
    const place = i % 16;
    let byte = random[i] ?? 0;
    if (place === 6) byte = (byte & 0x0f) | 0x40;
    if (place === 8) byte = (byte & 0x3f) | 0x80;
    if (dashes.has(at % length)) text[at++] = 0x2d;
    text[at++] = digits[byte >> 4] ?? 0;
    text[at++] = digits[byte & 15] ?? 0;
  }
  return new TextDecoder().decode(text);
}
