const pattern = /^P(?:(\d+)W|(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:[.,]\d+)?)S)?)?)$/;

/** Longer ones are mistakes in a policy; timers and brokers cannot wait for them either. */
const longestMs = 366 * 24 * 60 * 60 * 1000;

/** An ISO 8601 duration in milliseconds; undefined for years, months, signs and everything else that is none. */
export function parseDuration(text: string): number | undefined {
  const match = pattern.exec(text);
  if (match === null || text === "P" || text.endsWith("T")) return undefined;
  const [weeks, days, hours, minutes] = match.slice(1, 5).map((digits) => Number(digits ?? 0));
  const seconds = Number((match[5] ?? "0").replace(",", "."));
  const ms =
    ((((weeks ?? 0) * 7 + (days ?? 0)) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60_000 +
    Math.round(seconds * 1000);
  return Number.isSafeInteger(ms) && ms <= longestMs ? ms : undefined;
}
