// The orders that travel: the same in every run, sixteen of each size.

/** Distinct orders of a size. */
export const count = 16;

/** Items of an order by its size in bytes. */
export const sizes = { "100B": 1, "1KB": 20, "10KB": 215, "100KB": 2_190 };

/** The orders of a size. */
export function orders(size) {
  const int = createRandom(sizes[size]);
  const digits = (length) => Array.from({ length }, () => int(10)).join("");
  return Array.from({ length: count }, (_, i) => ({
    orderId: `ord-${digits(10)}`,
    customerId: 2n ** 40n + BigInt(int(2 ** 30)),
    items: Array.from({ length: sizes[size] }, () => ({
      sku: `SKU-${digits(6)}`,
      title: titles[int(titles.length)],
      quantity: 1 + int(9),
      price: (1 + int(100_000)) / 64,
      productId: BigInt(1 + int(2 ** 30)),
    })),
    labels: sizes[size] === 1 ? {} : { channel: "web", campaign: `spring-${digits(3)}` },
    total: (1 + int(10_000_000)) / 64,
    express: i % 2 === 0,
  }));
}

const titles = [
  "Espresso cup, blue",
  "Filter paper 100 pcs",
  "Kännchen",
  "Grinder burr set",
  "Sieb 58 mm",
  "Beans 1 kg",
];

/** Whole numbers from a seed. */
function createRandom(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
