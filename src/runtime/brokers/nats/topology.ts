import {
  JetStreamApiError,
  type ConsumerConfig,
  type JetStreamManager,
  type RetentionPolicy,
  type StreamConfig,
} from "@nats-io/jetstream";
import { QueueError, toError } from "../../queue/index.js";
import { covers } from "./names.js";
import type { StreamSettings } from "./routes.js";

/** Where the messages of a subject are, and whether others are there too. */
export interface StreamPlace {
  readonly name: string;
  readonly shared: boolean;
}

export interface StreamRequest {
  readonly subject: string;
  readonly settings: StreamSettings;
  readonly retention: RetentionPolicy;
  /** False: only an existing stream will do. */
  readonly create: boolean;
}

/** The server's codes. */
const apiErrors = { streamNotFound: 10059, streamNameInUse: 10058, subjectsOverlap: 10065, consumerExists: 10148 };

/**
 * The stream that keeps a subject: one that already does, whoever made it, else a new one, on disk.
 *
 * @throws {QueueError} `topology` when there is none and none can be made.
 */
export async function ensureStream(jsm: JetStreamManager, request: StreamRequest): Promise<StreamPlace> {
  const { subject, settings } = request;
  const { name, duplicateWindowMs } = settings;
  try {
    if (!request.create) return await existing(jsm, request);
    const info = await jsm.streams.add({
      name,
      subjects: [subject],
      retention: request.retention,
      storage: settings.storage,
      num_replicas: settings.replicas,
      max_age: settings.retainMs * 1e6,
      max_bytes: settings.maxBytes,
      max_msgs: settings.maxMessages,
      // what is full refuses; what is old leaves
      discard: "new",
      ...(duplicateWindowMs === undefined ? {} : { duplicate_window: duplicateWindowMs * 1e6 }),
    });
    return { name, shared: isShared(info.config, subject) };
  } catch (error) {
    const code = codeOf(error);
    if (code === apiErrors.streamNameInUse) return withSubject(jsm, request);
    if (code === apiErrors.subjectsOverlap) return existing(jsm, request);
    throw topologyError(subject, error);
  }
}

async function existing(jsm: JetStreamManager, request: StreamRequest): Promise<StreamPlace> {
  const { subject } = request;
  const overlapping: string[] = [];
  for await (const { config } of jsm.streams.list(subject)) {
    if (config.subjects.some((wide) => covers(wide, subject))) {
      return { name: config.name, shared: isShared(config, subject) };
    }
    overlapping.push(`${config.name} (${config.subjects.join(", ")})`);
  }
  const why =
    overlapping.length === 0
      ? "no stream keeps it: create one, or let the broker do so (createStreams)"
      : `it overlaps the subjects of ${overlapping.slice(0, 5).join(", ")}: give that stream all of them, or rename the address`;
  throw new QueueError("topology", `${subject}: ${why}`);
}

/** The stream that keeps a subject, if there is one. Makes nothing. */
export async function findStream(jsm: JetStreamManager, subject: string): Promise<StreamPlace | undefined> {
  for await (const { config } of jsm.streams.list(subject)) {
    if (config.subjects.some((wide) => covers(wide, subject))) {
      return { name: config.name, shared: isShared(config, subject) };
    }
  }
  return undefined;
}

/** The stream of that name exists with other settings: they stay, the subject is added. */
async function withSubject(jsm: JetStreamManager, { settings, subject }: StreamRequest): Promise<StreamPlace> {
  const { name } = settings;
  // two processes may add a subject each at the same time, and the later one forgets the earlier one's
  for (let tries = 0; tries < 5; tries++) {
    const { config } = await jsm.streams.info(name);
    if (config.subjects.some((wide) => covers(wide, subject))) return { name, shared: isShared(config, subject) };
    const kept = config.subjects.filter((other) => !covers(subject, other));
    await jsm.streams.update(name, { ...config, subjects: [...kept, subject] });
  }
  throw new QueueError(
    "topology",
    `${subject}: the stream ${name} does not take it, somebody else changes its subjects`,
  );
}

function isShared(config: StreamConfig, subject: string): boolean {
  return config.subjects.length !== 1 || config.subjects[0] !== subject || subject.includes("*");
}

/** @throws {QueueError} `topology` when the server refuses. */
export async function ensureConsumer(
  jsm: JetStreamManager,
  stream: string,
  config: Partial<ConsumerConfig> & { readonly durable_name: string },
): Promise<void> {
  try {
    await jsm.consumers.add(stream, config);
  } catch (error) {
    // it exists with a start or an acknowledgement that cannot be changed: that is its owner's decision
    const known = await jsm.consumers.info(stream, config.durable_name).catch(() => undefined);
    if (known?.config.ack_policy === "explicit" && known.config.filter_subject === config.filter_subject) return;
    throw topologyError(`${stream}.${config.durable_name}`, error);
  }
}

export function codeOf(error: unknown): number | undefined {
  return error instanceof JetStreamApiError ? error.code : undefined;
}

function topologyError(what: string, cause: unknown): QueueError {
  if (cause instanceof QueueError) return cause;
  return new QueueError("topology", `${what}: ${toError(cause).message}`, { cause });
}
