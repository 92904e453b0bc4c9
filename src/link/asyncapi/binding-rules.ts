import { nearest } from "../../diagnostics/index.js";
import type { JsonValue } from "../../model/index.js";
import type { Context } from "./context.js";
import { child, children, type Place } from "./place.js";

/** What bindings stand on. */
export type BoundObject = "server" | "channel" | "operation" | "message";

/** What one key of a binding may be; `why` stands where it is allowed and has no effect. */
interface Rule {
  readonly expected: string;
  readonly holds: (value: JsonValue) => boolean;
  readonly why?: string;
  /** Says why where only some values have no effect. */
  readonly whyNot?: (value: JsonValue) => string | undefined;
  readonly keys?: Rules;
}
type Rules = Readonly<Record<string, Rule>>;

const text: Rule = { expected: "a text", holds: (value) => typeof value === "string" };
const flag: Rule = { expected: "true or false", holds: (value) => typeof value === "boolean" };
const texts: Rule = {
  expected: "a list of texts",
  holds: (value) => Array.isArray(value) && value.every((item) => typeof item === "string"),
};
const schema: Rule = {
  expected: "a schema",
  holds: (value) => typeof value === "object" || typeof value === "boolean",
};
const whole = (minimum: number, maximum = Number.MAX_SAFE_INTEGER): Rule => ({
  expected:
    maximum === Number.MAX_SAFE_INTEGER
      ? `a whole number of at least ${minimum}`
      : `a whole number from ${minimum} to ${maximum}`,
  holds: (value) => typeof value === "number" && Number.isInteger(value) && value >= minimum && value <= maximum,
});
const ofSchema = (value: JsonValue): string | undefined =>
  typeof value === "object" && value !== null
    ? "a schema describes values, and does not say which one it is"
    : undefined;
/** Newer versions of the bindings take a schema where the value differs from message to message. */
const wholeOrSchema = (minimum: number): Rule => ({
  whyNot: ofSchema,
  expected: `${whole(minimum).expected}, or a schema`,
  holds: (value) =>
    whole(minimum).holds(value) || (typeof value === "object" && value !== null && !Array.isArray(value)),
});
const textOrSchema: Rule = {
  expected: "a text or a schema",
  holds: (value) => text.holds(value) || schema.holds(value),
};
const oneOf = (...values: readonly (string | number)[]): Rule => ({
  expected: `one of ${values.join(", ")}`,
  holds: (value) => values.includes(value as string | number),
});
const object = (keys?: Rules): Rule => ({
  expected: "an object",
  holds: (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  ...(keys === undefined ? {} : { keys }),
});
const without = (rule: Rule, why: string): Rule => ({ ...rule, why });

const lastWill = object({ topic: text, qos: oneOf(0, 1, 2), message: text, retain: flag });

/** The bindings that are honoured, key by key. */
const rules: Readonly<Record<string, Readonly<Partial<Record<BoundObject, Rules>>>>> = {
  amqp: {
    channel: {
      is: oneOf("queue", "routingKey"),
      exchange: object({
        name: text,
        type: oneOf("topic", "direct", "fanout", "default", "headers"),
        durable: flag,
        autoDelete: flag,
        vhost: without(text, "the URL of the connection says the virtual host"),
      }),
      queue: object({
        name: text,
        durable: flag,
        exclusive: flag,
        autoDelete: flag,
        vhost: without(text, "the URL of the connection says the virtual host"),
      }),
    },
    operation: {
      expiration: whole(0),
      userId: text,
      cc: texts,
      bcc: texts,
      priority: whole(0, 255),
      deliveryMode: oneOf(1, 2),
      mandatory: flag,
      replyTo: text,
      timestamp: flag,
      ack: flag,
    },
    message: { contentEncoding: text, messageType: text },
  },
  kafka: {
    server: {
      schemaRegistryUrl: without(text, "there is no client of schema registries here"),
      schemaRegistryVendor: without(text, "there is no client of schema registries here"),
    },
    channel: {
      topic: text,
      partitions: whole(1),
      replicas: whole(1),
      topicConfiguration: object(),
    },
    operation: { groupId: textOrSchema, clientId: textOrSchema },
    message: {
      key: schema,
      schemaIdLocation: without(text, "there is no client of schema registries here"),
      schemaIdPayloadEncoding: without(text, "there is no client of schema registries here"),
      schemaLookupStrategy: without(text, "there is no client of schema registries here"),
    },
  },
  mqtt: {
    server: {
      clientId: text,
      cleanSession: flag,
      lastWill,
      keepAlive: whole(0, 65_535),
      sessionExpiryInterval: wholeOrSchema(0),
      maximumPacketSize: wholeOrSchema(1),
    },
    operation: { qos: oneOf(0, 1, 2), retain: flag, messageExpiryInterval: wholeOrSchema(0) },
    message: {
      payloadFormatIndicator: oneOf(0, 1),
      correlationData: without(schema, "what is sent there is the correlation id (`correlationId`)"),
      contentType: text,
      responseTopic: { ...textOrSchema, whyNot: ofSchema },
    },
  },
  nats: { operation: { queue: { expected: "a text of at most 255 characters", holds: isQueueName } } },
  ws: { channel: { method: oneOf("GET", "POST"), query: schema, headers: schema } },
};

function isQueueName(value: JsonValue): boolean {
  return typeof value === "string" && value.length <= 255;
}

/** Holds one binding against what its protocol has; gives it without the values that cannot be. */
export function checkedBinding(
  context: Context,
  place: Place,
  value: JsonValue,
  protocol: string,
  on: BoundObject,
): JsonValue {
  const known = rules[protocol];
  if (known === undefined) return value;
  return checkKeys(context, place, value, `bindings.${protocol}`, known[on] ?? {}, on);
}

function checkKeys(
  context: Context,
  place: Place,
  value: JsonValue,
  name: string,
  known: Rules,
  on: BoundObject,
): JsonValue {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const kept = { ...(value as { readonly [key: string]: JsonValue }) };
  for (const { key, origin } of children(place)) {
    const path = `${name}.${key}`;
    if (key === "bindingVersion" || key.startsWith("x-") || key === "$ref") continue;
    const rule = Object.hasOwn(known, key) ? known[key] : undefined;
    const found = kept[key];
    if (rule === undefined) {
      const close = nearest(key, Object.keys(known));
      const reason = `no such key is known on ${on === "operation" ? "an" : "a"} ${on}`;
      context.warn("E3022", origin, {
        key: path,
        reason,
        nearest: close === undefined ? undefined : `${name}.${close}`,
      });
    } else if (rule.why !== undefined) {
      context.warn("E3022", origin, { key: path, reason: rule.why, nearest: undefined });
    } else if (found !== undefined && !rule.holds(found)) {
      const at = child(place, key)?.node.origin ?? origin;
      context.warn("E3043", at, { key: path, found: show(found), expected: rule.expected });
      delete kept[key];
    } else if (found !== undefined && rule.whyNot?.(found) !== undefined) {
      context.warn("E3022", origin, { key: path, reason: rule.whyNot(found) ?? "", nearest: undefined });
    } else if (rule.keys !== undefined && found !== undefined) {
      const inner = context.field(place, key);
      if (inner !== undefined) kept[key] = checkKeys(context, inner, found, path, rule.keys, on);
    }
  }
  return kept;
}

function show(value: JsonValue): string {
  const shown = JSON.stringify(value);
  return shown.length > 60 ? `${shown.slice(0, 60)}…` : shown;
}
