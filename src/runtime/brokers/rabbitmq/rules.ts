import { compressionIn } from "./content-encoding.js";

/** What the contract's operation bindings say about messages. */
export interface PublishRules {
  /** Delivery mode 2: survives a restart of the server. */
  readonly persistent: boolean;
  /** A message that no queue takes comes back as an error. */
  readonly mandatory: boolean;
  readonly priority: number | undefined;
  /** Milliseconds in the queue, at most, for messages that do not say so themselves. */
  readonly expiration: number | undefined;
  /** Further routing keys; those of `bcc` are not told. */
  readonly cc: readonly string[];
  readonly bcc: readonly string[];
  readonly replyTo: string | undefined;
  readonly userId: string | undefined;
  readonly timestamp: boolean;
  /** Of bodies that are not compressed. */
  readonly contentEncoding: string | undefined;
  readonly messageType: string | undefined;
}

/** Nothing is lost unless the contract says that it may be. */
export const defaultRules: PublishRules = {
  persistent: true,
  mandatory: true,
  priority: undefined,
  expiration: undefined,
  cc: [],
  bcc: [],
  replyTo: undefined,
  userId: undefined,
  timestamp: true,
  contentEncoding: undefined,
  messageType: undefined,
};

/** Reads the `amqp` bindings of an operation, which stand beside those of the channel. */
export function rulesOf(amqp: Readonly<Record<string, unknown>>): PublishRules {
  return {
    persistent: amqp["deliveryMode"] !== 1,
    mandatory: amqp["mandatory"] !== false,
    priority: wholeNumber(amqp["priority"], 255),
    expiration: wholeNumber(amqp["expiration"], 2 ** 32 - 1),
    cc: texts(amqp["cc"]),
    bcc: texts(amqp["bcc"]),
    replyTo: text(amqp["replyTo"]),
    userId: text(amqp["userId"]),
    timestamp: amqp["timestamp"] !== false,
    contentEncoding: plainEncoding(text(amqp["contentEncoding"])),
    messageType: text(amqp["messageType"]),
  };
}

/** A body is called compressed where it is: the publisher decides about each. */
function plainEncoding(name: string | undefined): string | undefined {
  return name === undefined || compressionIn(name) !== undefined ? undefined : name;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string" && item !== "") : [];
}

function wholeNumber(value: unknown, most: number): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= most ? value : undefined;
}
