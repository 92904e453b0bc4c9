import type { BrokerDelivery } from "../../queue/index.js";
import { browsed } from "../shared/browsed.js";
import type { Link } from "./link.js";
import { groupName, type Keys } from "./names.js";
import { fromFields } from "./entry.js";
import { listOf, rawEntries } from "./reply.js";
import { delayed } from "./scripts.js";

const pageSize = 100;

/** Reads what waits for a group: not yet delivered, due, and to be due. Of a queue: all that it holds. */
export async function* browse(
  link: Link,
  keys: Keys,
  { address, group, limit }: { readonly address: string; readonly group: string; readonly limit: number },
): AsyncIterable<BrokerDelivery> {
  let left = limit;
  const streams = [keys.stream(address), keys.redeliver(address, group)];
  for (const key of streams) {
    let after = group === "" ? "-" : `(${await lastDelivered(link, key, group)}`;
    while (left > 0 && after !== "(") {
      const count = Math.min(left, pageSize);
      const entries = rawEntries(await link.fetch(["XRANGE", key, after, "+", "COUNT", String(count)]));
      for (const { id, fields } of entries) {
        if (left-- <= 0) return;
        const redelivered = key !== streams[0];
        yield browsed(fromFields(fields, address, id), { group, position: id, redelivered });
      }
      const last = entries.at(-1);
      if (last === undefined || entries.length < count) break;
      after = `(${last.id}`;
    }
  }
  if (left <= 0) return;
  const reply = await link.run(delayed, [keys.retry(address, group)], [Math.min(left, 1_000)], true);
  for (const { id, fields } of rawEntries(reply)) {
    yield browsed(fromFields(fields, address, id), { group, position: id, redelivered: true });
  }
}

/** The id up to which a group was given entries; empty when there is no such group. */
async function lastDelivered(link: Link, key: string, group: string): Promise<string> {
  if ((await link.send(["EXISTS", key])) === 0) return "";
  for (const info of listOf(await link.send(["XINFO", "GROUPS", key]))) {
    const facts = listOf(info).map(String);
    if (facts[facts.indexOf("name") + 1] !== groupName(group)) continue;
    return facts[facts.indexOf("last-delivered-id") + 1] ?? "";
  }
  return "";
}
