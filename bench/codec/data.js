// The messages that codecs are measured on: the same in every run, sixteen of each shape.

/** Distinct messages of a shape. */
export const count = 16;

/** The shapes by their message, smallest first. */
export const shapes = { Lookup: lookup, OrderPlaced: orderPlaced, ReadingBatch: readingBatch };

/** The messages of a shape, every field set as a decoder would. */
export function messages(shape) {
  const random = createRandom(shape.length * 7919);
  return Array.from({ length: count }, (_, i) => shapes[shape](random, i));
}

/**
 * The same kind of message as programs write it by hand: what is a default is left out, and the order of keys is that of
 * whoever wrote it. Six places in a program, each with an order of its own. `long` makes a 64-bit integer.
 */
export function literals(shape, long) {
  return messages(shape).map((message, i) => literalOf(message, i % 6, long));
}

function literalOf(value, order, long) {
  if (typeof value === "bigint") return long(value);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map((item) => literalOf(item, order, long));
  const entries = Object.entries(value).filter(([, item]) => !isDefault(item));
  const at = Math.floor((entries.length * order) / 6);
  const turned = [...entries.slice(at), ...entries.slice(0, at)];
  return Object.fromEntries(
    (order % 2 === 0 ? turned : turned.reverse()).map(([k, v]) => [k, literalOf(v, order, long)]),
  );
}

function isDefault(value) {
  if (value === undefined || value === "" || value === 0 || value === 0n || value === false) return true;
  if (typeof value !== "object") return false;
  return Array.isArray(value) || value instanceof Uint8Array ? value.length === 0 : Object.keys(value).length === 0;
}

function lookup({ int, text, wide }, i) {
  return {
    accountId: wide(),
    email: `${text(4, 9)}@example.com`,
    name: text(8, 16),
    limit: int(200),
    exact: i % 2 === 0,
    radius: int(100_000) / 64,
    flags: int(1 << 20),
    locale: i % 4 === 0 ? "" : "de-AT",
  };
}

function orderPlaced(random, i) {
  const { int, text, wide, digits, time } = random;
  return {
    eventId: `${digits(8)}-${digits(4)}-${digits(4)}-${digits(12)}`,
    orderId: `ord-${digits(10)}`,
    customerId: wide(),
    state: int(5),
    createdAt: time(),
    updatedAt: i % 3 === 0 ? undefined : time(),
    lines: Array.from({ length: 3 + (i % 4) }, () => orderLine(random)),
    shipping: postalAddress(random),
    billing: i % 2 === 0 ? postalAddress(random) : undefined,
    labels: { channel: "web", campaign: text(5, 18), [text(4, 8)]: text(4, 20) },
    counters: { views: BigInt(int(5000)), clicks: BigInt(int(100)) },
    total: amount(random),
    payment: i % 2 === 0 ? { case: "cardToken", value: `tok_${digits(20)}` } : { case: "invoice", value: digits(9) },
    note: i % 4 === 0 ? text(30, 90) : undefined,
    sequence: wide(),
    warehouses: Array.from({ length: i % 5 }, () => int(400)),
  };
}

function orderLine(random) {
  const { int, text, wide, digits } = random;
  return {
    sku: `SKU-${digits(6)}`,
    title: text(10, 34),
    quantity: 1 + int(9),
    price: amount(random),
    tags: Array.from({ length: int(4) }, () => text(4, 9)),
    productId: wide(),
    kind: int(3),
  };
}

function amount({ int }) {
  return { currency: ["EUR", "USD", "CHF"][int(3)], units: BigInt(int(2000)), nanos: int(100) * 10_000_000 };
}

function postalAddress({ int, text, digits }) {
  return {
    street: `${text(8, 16)} ${int(200)}`,
    addition: int(3) === 0 ? text(5, 10) : "",
    city: text(5, 14),
    region: int(2) === 0 ? text(4, 10) : "",
    postalCode: digits(5),
    country: ["AT", "DE", "US"][int(3)],
  };
}

function readingBatch(random) {
  const { int, text, bytes } = random;
  return {
    station: text(8, 20),
    series: Array.from({ length: 10 }, () => series(random)),
    index: Array.from({ length: 1000 }, () => int(2 ** 32)),
    attachment: bytes(12_000),
  };
}

function series({ int, text, wide, bytes }) {
  return {
    name: text(6, 24),
    id: wide(),
    values: Array.from({ length: 320 }, () => (int(2 ** 30) - 2 ** 29) / 1024),
    deltas: Array.from({ length: 400 }, () => (int(8) === 0 ? -skewed(int) : skewed(int))),
    payload: bytes(600),
    weights: Array.from({ length: 200 }, () => int(1000) / 8),
    buckets: Array.from({ length: 400 }, () => skewed(int)),
  };
}

/** Many small numbers, some big ones. */
function skewed(int) {
  return int([100, 1000, 20_000, 4_000_000][int(4)]);
}

const syllables = ["ka", "lo", "ri", "ster", "ven", "dor", "mi", "tan", "sel", "bra"];
const beyond = ["ü", "é", "ß", "ø", "日本", "東京", "😀", "ž"];

/** Values from a seed; about one text in seven is not ASCII. */
function createRandom(seed) {
  let state = seed >>> 0;
  const int = (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const digits = (length) => Array.from({ length }, () => int(10)).join("");
  const text = (least, most) => {
    const length = least + int(most - least + 1);
    let result = int(7) === 0 ? beyond[int(beyond.length)] : "";
    while (result.length < length) result += syllables[int(syllables.length)];
    return result;
  };
  return {
    int,
    digits,
    text,
    // below 2^53, so that libraries that know numbers only can hold it
    wide: () => BigInt(int(2 ** 20)) * 2n ** 30n + BigInt(int(2 ** 30)),
    time: () => ({ seconds: BigInt(1_700_000_000 + int(50_000_000)), nanos: int(1000) * 1_000_000 }),
    bytes: (length) => Uint8Array.from({ length }, () => int(256)),
  };
}
