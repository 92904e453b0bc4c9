// What a client of ours does to find out times and limits; server.js tells the other half.
import { setTimeout as sleep } from "node:timers/promises";

// more than any probe reads
const endless = 2 ** 31;

export const probes = {
  /** Leaves a stream in its middle; resolves to when that was, in ms of the machine's monotonic clock. */
  async cancel(_stack, { client }) {
    let left = 100;
    for await (const _ of client.watch({ count: endless, size: "1KB" })) if (--left === 0) break;
    return Number(process.hrtime.bigint()) / 1e6;
  },

  /** How many ms a call takes whose answer does not come. */
  async deadline({ orders }, { client }, { ms }) {
    const started = performance.now();
    const { code } = await client.wait(orders["1KB"][0], { timeoutMs: ms }).catch((error) => error);
    const took = performance.now() - started;
    if (code !== deadlineExceeded) throw new Error(`the call ended with ${code}`);
    return took;
  },

  /** Opens a stream of many orders and reads none but the first for a while. */
  async slowReader(_stack, { client }, { ms }) {
    const stream = client.watch({ count: endless, size: "1KB" })[Symbol.asyncIterator]();
    await stream.next();
    await sleep(ms);
    await stream.return();
  },

  /** Sends orders that nobody reads for a while; resolves to how many were taken off its hands. */
  async floodingClient({ orders }, { client }, { ms }) {
    let sent = 0;
    function* flood() {
      for (;;) yield orders["1KB"][sent++ % orders["1KB"].length];
    }
    const over = new AbortController();
    const call = client.ignore(flood(), { signal: over.signal }).catch(() => {});
    await sleep(ms);
    const taken = sent;
    over.abort();
    await call;
    return taken;
  },

  /** Calls the servers of several ports in turns from now on. False where the transport cannot. */
  async balance(stack, _client, { ports }) {
    const target = ports.map((port) => `127.0.0.1:${port}`);
    try {
      balanced = stack.connect({ target, loadBalancing: "round_robin" });
    } catch (error) {
      if (error instanceof TypeError) return false;
      throw error;
    }
    for (let i = 0; i < 10 * ports.length; i++) await balanced.echo(stack.orders["1KB"][0]);
    return true;
  },

  /**
   * After one of them died: for how many ms calls failed, or hung for a second. Shorter delays are no sign of it: on a
   * busy machine calls to living servers have them, too.
   */
  async afterDeath({ orders }, _client, { ms }) {
    const started = performance.now();
    let disturbed = 0;
    for (let now = started; now - started < ms;) {
      const failed = await balanced.client.echo(orders["1KB"][0], { timeoutMs: ms }).then(
        () => false,
        () => true,
      );
      const ended = performance.now();
      if (failed || ended - now > 1_000) disturbed = ended - started;
      now = ended;
    }
    return disturbed;
  },
};

const deadlineExceeded = 4;

let balanced;
