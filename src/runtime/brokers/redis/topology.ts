import { hasParameters, QueueError, type TopologyAddress } from "../../queue/index.js";
import { queueError, type Link } from "./link.js";
import { groupName, type Keys } from "./names.js";

/** Creates the streams and groups of an address. A new group begins with what the stream holds. */
export async function declareAddress(link: Link, keys: Keys, topology: TopologyAddress): Promise<void> {
  const { address, groups } = topology;
  if (groups.length === 0) return;
  if (hasParameters(address)) {
    throw new QueueError(
      "usage",
      `${address}: Redis Streams cannot consume an address with open parameters, pass { address } with their values`,
    );
  }
  for (const { group, deadLetter } of groups) {
    await createGroup(link, keys.stream(address), group);
    await createGroup(link, keys.redeliver(address, group), group);
    if (deadLetter !== undefined) await createGroup(link, keys.stream(deadLetter), "");
  }
}

async function createGroup(link: Link, key: string, group: string): Promise<void> {
  try {
    await link.send(["XGROUP", "CREATE", key, groupName(group), "0", "MKSTREAM"]);
  } catch (error) {
    if (String(error).includes("BUSYGROUP")) return;
    throw queueError(key, error);
  }
}
