// Queues. Each part gives `prepare({ quick })`, which resolves to `{ entries, figures(samples), close() }` like a suite.
import * as payloads from "./payloads.js";

export const peers = [];
export const rounds = { quick: 5, full: 15 };

/** What can be measured alone: `npm run bench -- queue payloads`. */
export const parts = { payloads };

/** The entries of one part, or of all. */
export async function prepare({ part, ...options }) {
  const prepared = [];
  const close = async () => {
    for (const one of prepared) await one.close();
  };
  try {
    for (const { prepare: start } of part === undefined ? Object.values(parts) : [parts[part]]) {
      prepared.push(await start(options));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    entries: prepared.flatMap(({ entries }) => entries),
    figures: (samples) => prepared.flatMap(({ figures }) => figures(samples)),
    close,
  };
}
