/** A stream of requests that is fed from outside, and the answers to it: for clients that take and give iterables. */
export function chatOver(open) {
  const waiting = [];
  let wake;
  let ended = false;
  async function* requests() {
    for (;;) {
      while (waiting.length > 0) yield waiting.shift();
      if (ended) return;
      await new Promise((resolve) => (wake = resolve));
    }
  }
  const answers = open(requests())[Symbol.asyncIterator]();
  return {
    async send(order) {
      waiting.push(order);
      wake?.();
      return (await answers.next()).value;
    },
    async end() {
      ended = true;
      wake?.();
      await answers.next();
    },
  };
}

/** How many values an iterable gives. */
export async function countOf(iterable) {
  let count = 0;
  for await (const _ of iterable) count++;
  return count;
}
