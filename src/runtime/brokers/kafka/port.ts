/** A record as it was read. */
export interface KafkaRecord {
  readonly offset: number;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly key: Uint8Array | undefined;
  /** Undefined: a tombstone. */
  readonly value: Uint8Array | undefined;
  /** What programs see: all but the adapter's own. */
  readonly headers: Readonly<Record<string, string>>;
  readonly own: OwnHeaders;
}

/** What the adapter tells itself in headers, as it was read. */
export interface OwnHeaders {
  contentType: string | undefined;
  /** The address, where the topic does not tell it. */
  address: string | undefined;
  /** Milliseconds since the epoch before which a record of a retry topic must not be delivered. */
  retryAt: string | undefined;
  /** Which inbox of a reply topic a reply is for. */
  inbox: string | undefined;
}

/** A record to be written, its partition chosen. */
export interface RecordToProduce {
  readonly topic: string;
  readonly partition: number;
  readonly key: Buffer | undefined;
  readonly value: Buffer;
  /** Names and values in turns; none comes twice. */
  readonly headers: readonly string[];
  /** About how many it takes up in a request. */
  readonly bytes: number;
}

/** Offsets of a partition: of its first record and of the next one to be written. */
export interface PartitionOffsets {
  readonly partition: number;
  readonly low: number;
  readonly high: number;
}

export interface CommittedOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly metadata: string;
}

export interface NewTopic {
  readonly topic: string;
  /** -1: the server's default. */
  readonly partitions: number;
  /** -1: the server's default. */
  readonly replicas: number;
  readonly configuration: Readonly<Record<string, string>>;
}

/** `next`: the offset to go on with. Behind the last record there may be marks of transactions, which nobody sees. */
export type OnRecords = (topic: string, partition: number, records: readonly KafkaRecord[], next: number) => void;

/**
 * What was to be read next is not there: the topic was made anew, its end was cut off, or old records were deleted before
 * they were read. Reading goes on at `offset`.
 */
export type OnReset = (topic: string, partition: number, offset: number) => void;

/** Fetches from partitions. Where it is to start is told by its owner: nothing is read before. */
export interface PartitionReader {
  /** (Re)starts a partition at an offset. One that is out of range becomes that of the first record. */
  start(topic: string, partition: number, offset: number): void;
  pause(topic: string, partition: number): void;
  resume(topic: string, partition: number): void;
  close(): Promise<void>;
}

/** A member of a consumer group. */
export interface GroupMember extends PartitionReader {
  /** Changes what it subscribes to; the group is formed anew. */
  subscribe(topics: readonly string[]): Promise<void>;
  /** @throws {KafkaFailure} `rebalance` when the group was formed anew in between. */
  commit(offsets: readonly CommittedOffset[]): Promise<void>;
  /** Why it is no member at present. */
  readonly fault: Error | undefined;
}

export interface MemberInput {
  readonly groupId: string;
  /** Of this member's connections; the broker's by default. */
  readonly clientId: string | undefined;
  readonly topics: readonly string[];
  /** All that it has from now on. Partitions that stay are to be started again. */
  readonly onAssigned: (partitions: ReadonlyMap<string, readonly number[]>) => void;
  /** The group is about to be formed anew: the last moment to commit, within this very call. */
  readonly onRevoking: () => void;
  readonly onRecords: OnRecords;
  readonly onReset: OnReset;
}

/**
 * What the adapter needs of a client library. Requests fail with a `KafkaFailure`; none is tried for longer than a
 * few seconds, going on is the caller's.
 */
export interface KafkaPort {
  /** For people: host and port, never credentials. */
  readonly servers: string;
  /** A request that any server answers. */
  ping(): Promise<void>;
  topics(): Promise<readonly string[]>;
  /** How many partitions a topic has; undefined when there is none of that name. */
  partitions(topic: string): Promise<number | undefined>;
  /** Resolves to false when it was there. */
  createTopic(topic: NewTopic): Promise<boolean>;
  deleteTopic?(topic: string): Promise<void>;
  offsets(topic: string): Promise<readonly PartitionOffsets[]>;
  /** Only partitions with a committed offset. */
  committed(groupId: string, topics: readonly string[]): Promise<readonly CommittedOffset[]>;
  /**
   * Writes records in order, all of them in one request per server; resolves to the offset of the first one of each
   * partition, by `topic:partition`. One call at a time. With `transaction` either all of them become visible or none.
   */
  produce(records: readonly RecordToProduce[], transaction: boolean): Promise<ReadonlyMap<string, number>>;
  /** Takes a new producer id: what was sent before may have arrived, its numbers must not be used again. */
  resetProducer(): Promise<void>;
  join(input: MemberInput, withinMs: number): Promise<GroupMember>;
  /** Reads partitions of one topic without a group. */
  read(topic: string, partitions: readonly number[], onRecords: OnRecords): Promise<PartitionReader>;
  close(): Promise<void>;
}
