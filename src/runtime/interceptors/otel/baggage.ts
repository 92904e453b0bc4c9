import { baggageEntryMetadataFromString, propagation, type Baggage, type BaggageEntry } from "@opentelemetry/api";

/** What W3C Baggage has everybody carry; more is left out. */
const mostEntries = 180;
const mostBytes = 8_192;

/** The headers that baggage came from: what nobody has changed goes on as it was. */
const headers = new WeakMap<Baggage, string>();

/** Reads a `baggage` header. Entries that are none are left out. */
export function baggageOfHeader(header: string): Baggage {
  const entries: Record<string, BaggageEntry> = Object.create(null) as Record<string, BaggageEntry>;
  for (const part of header.slice(0, mostBytes).split(",").slice(0, mostEntries)) {
    const [pair = "", ...properties] = part.split(";");
    const at = pair.indexOf("=");
    const key = pair.slice(0, Math.max(0, at)).trim();
    const value = decoded(pair.slice(at + 1).trim());
    if (key === "" || value === undefined) continue;
    const metadata = properties.join(";").trim();
    entries[key] = metadata === "" ? { value } : { value, metadata: baggageEntryMetadataFromString(metadata) };
  }
  const baggage = propagation.createBaggage(entries);
  headers.set(baggage, header);
  return baggage;
}

/** Writes a `baggage` header; undefined without entries. */
export function headerOfBaggage(baggage: Baggage | undefined): string | undefined {
  if (baggage === undefined) return undefined;
  const known = headers.get(baggage);
  if (known !== undefined) return known;
  let text = "";
  for (const [key, { value, metadata }] of baggage.getAllEntries().slice(0, mostEntries)) {
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(key)) continue;
    const properties = metadata === undefined ? "" : metadata.toString();
    const part = `${key}=${encodeURIComponent(value)}${properties === "" ? "" : `;${properties}`}`;
    const longer = text === "" ? part : `${text},${part}`;
    if (longer.length > mostBytes) break;
    text = longer;
  }
  return text === "" ? undefined : text;
}

function decoded(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}
