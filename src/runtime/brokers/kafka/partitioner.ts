/** Where keyless messages stay together, as in Java's client: a batch that is larger goes on in the next partition. */
const stickyBytes = 16_384;

/** Chooses partitions as Java's client does, so that all writers of a topic agree about a key. */
export interface Partitioner {
  /** The partition of a message; keyless ones follow each other in one until `turn` or 16 KB. */
  choose(topic: string, count: number, key: Buffer | undefined, bytes: number): number;
  /** Keyless messages of the next batch go to the next partition. */
  turn(): void;
}

interface Sticky {
  partition: number;
  bytes: number;
  turn: number;
}

/** Topics are as many as were published to; more than this are forgotten, which costs nothing but evenness. */
const maxTopics = 10_000;

export function createPartitioner(): Partitioner {
  const sticky = new Map<string, Sticky>();
  let turn = 0;
  return {
    choose(topic, count, key, bytes) {
      if (key !== undefined) return (murmur2(key) & 0x7fffffff) % count;
      let state = sticky.get(topic);
      if (state === undefined) {
        if (sticky.size >= maxTopics) sticky.clear();
        sticky.set(topic, (state = { partition: 0, bytes: 0, turn }));
      } else if (state.turn !== turn || state.bytes >= stickyBytes) {
        state.partition++;
        state.bytes = 0;
        state.turn = turn;
      }
      state.bytes += bytes;
      return state.partition % count;
    },
    turn: () => {
      turn++;
    },
  };
}

const multiplier = 0x5bd1e995;

/** The hash of Kafka's default partitioner, as a signed 32-bit number. */
export function murmur2(data: Uint8Array): number {
  const { length } = data;
  const view = new DataView(data.buffer, data.byteOffset, length);
  let hash = 0x9747b28c ^ length;
  const whole = length & ~3;
  for (let i = 0; i < whole; i += 4) {
    let k = Math.imul(view.getInt32(i, true), multiplier);
    k ^= k >>> 24;
    hash = Math.imul(hash, multiplier) ^ Math.imul(k, multiplier);
  }
  const rest = length & 3;
  if (rest === 3) hash ^= view.getUint8(whole + 2) << 16;
  if (rest >= 2) hash ^= view.getUint8(whole + 1) << 8;
  if (rest >= 1) hash = Math.imul(hash ^ view.getUint8(whole), multiplier);
  hash = Math.imul(hash ^ (hash >>> 13), multiplier);
  return hash ^ (hash >>> 15);
}
