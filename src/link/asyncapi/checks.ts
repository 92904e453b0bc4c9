import { type BrokerCapabilities, type BrokerInfo, brokers, type Origin } from "../../model/index.js";
import { queueDefaults, queueDelayMs } from "../../runtime/policy/index.js";
import type { LinkedChannel, LinkedDocument, LinkedOperation } from "./channels.js";
import { checkMessageBindings } from "./bindings.js";
import type { Context } from "./context.js";
import { checkDeadLetters, checkGroups } from "./group-checks.js";
import { missingInPayload } from "./pointers.js";
import type { Schemas } from "./schemas.js";
import { checkSubjects } from "./subject-checks.js";
import type { Protocols } from "./servers.js";

/** A broker as the channel meets it. */
interface Meeting {
  readonly broker: BrokerInfo;
  readonly protocolVersion: string;
}

/** Holds what the contract asks for against what its brokers can do, and its policies against its payloads. */
export function checkDocument(
  context: Context,
  schemas: Schemas,
  { channels, operations }: LinkedDocument,
  protocols: Protocols,
): void {
  const open = new Set<string>();
  checkKeysAgree(context, operations);
  const onBroker = operations.filter(({ channel }) => meetingsOf(channel, protocols).length > 0);
  checkGroups(context, onBroker, channels);
  checkDeadLetters(context, onBroker);
  const onJetStream = (channel: LinkedChannel): boolean =>
    meetingsOf(channel, protocols).some(({ broker }) => broker.id === "nats");
  checkSubjects(context, channels.filter(onJetStream));
  for (const { channel, policy } of channels) {
    const ids = channel.messages.map(({ id }) => id);
    checkExpressions(context, schemas, channel.messages, ids, policy.idempotencyKey);
    checkMessageBindings(context, channel);
  }
  for (const operation of operations) {
    const { channel, policy } = operation;
    const ids = operation.operation.messages;
    if (policy.idempotencyKey?.origin !== channel.policy.idempotencyKey?.origin) {
      checkExpressions(context, schemas, channel.channel.messages, ids, policy.idempotencyKey);
    }
    const meetings = meetingsOf(channel, protocols);
    checkTimes(context, operation);
    for (const meeting of meetings) {
      checkCapabilities(context, operation, meeting);
      checkParameters(context, operation, meeting, open);
    }
    if (operation.operation.action === "receive" && meetings.length > 0 && policy.deadLetter === undefined) {
      context.warn("E3033", operation.operation.origin, { operation: operation.operation.id });
    }
  }
}

/** The brokers of the channel's servers; those of the document where its servers name none. */
function meetingsOf({ servers, channel }: LinkedChannel, { brokers: known }: Protocols): readonly Meeting[] {
  const named = servers.filter(({ protocol }) => protocol !== undefined);
  const met = (broker: BrokerInfo): BrokerInfo => inThisChannel(channel, broker);
  if (named.length === 0) return known.map((broker) => ({ broker: met(broker), protocolVersion: "" }));
  const meetings = new Map<string, Meeting>();
  for (const { broker: ofServer, server } of named) {
    const { protocolVersion } = server;
    const broker = ofServer && met(ofServer);
    if (broker !== undefined) meetings.set(`${broker.id} ${protocolVersion}`, { broker, protocolVersion });
  }
  return [...meetings.values()];
}

/** A channel may ask for NATS without JetStream by itself. */
function inThisChannel({ bindings }: LinkedChannel["channel"], broker: BrokerInfo): BrokerInfo {
  const nats = bindings.get("x-nats");
  const core = typeof nats === "object" && nats !== null && "core" in nats && nats.core === true;
  return core && broker.id === "nats" ? (brokers.find(({ id }) => id === "nats-core") ?? broker) : broker;
}

/** A message that expires before its last attempt is one that nobody handles. */
function checkTimes(context: Context, { operation }: LinkedOperation): void {
  const { expiresMs, retry = queueDefaults.retry, timeoutMs = 0, sources } = operation.policy;
  if (operation.action !== "receive" || expiresMs === undefined) return;
  const delaysMs = retry.delaysMs.length === 0 ? queueDefaults.retry.delaysMs : retry.delaysMs;
  let takesMs = retry.maxAttempts * timeoutMs;
  for (let attempt = 1; attempt < Math.min(retry.maxAttempts, 10_000); attempt++) {
    takesMs += queueDelayMs({ quick: retry.quick, delaysMs }, attempt) * 1.2;
  }
  if (takesMs <= expiresMs) return;
  const origin = sources.get("expiresMs")?.origin ?? operation.origin;
  context.fault("E3034", origin, { operation: operation.id, takesMs: Math.round(takesMs), expiresMs });
}

function checkKeysAgree(context: Context, operations: readonly LinkedOperation[]): void {
  const keys = new Map<string, string | undefined>();
  for (const { operation, channel } of operations) {
    if (operation.action !== "receive") continue;
    const { id } = channel.channel;
    const key = operation.policy.idempotencyKey;
    if (keys.has(id) && keys.get(id) !== key) {
      const origin = operation.policy.sources.get("idempotencyKey")?.origin ?? operation.origin;
      context.fault("E3035", origin, { channel: id });
    }
    keys.set(id, key);
  }
}

function checkCapabilities(context: Context, { operation, policy }: LinkedOperation, meeting: Meeting): void {
  const { broker } = meeting;
  const require = (capability: keyof BrokerCapabilities, origin: Origin, what: string): void => {
    const support = supportOf(meeting, capability);
    if (support === true) return;
    const instead = support === false ? undefined : `it takes protocolVersion ${support} or later on the server`;
    context.fault("E3031", origin, { what, broker: broker.name, instead });
  };
  const at = (...paths: readonly string[]): Origin => {
    const source = paths.map((path) => policy.sources.get(path)).find((found) => found !== undefined);
    return source?.origin ?? policy.origin ?? operation.origin;
  };
  if (operation.reply !== undefined) require("requestReply", operation.origin, "answer requests");
  if (operation.action !== "receive") return;
  if (policy.batch !== undefined)
    require("batch", at("batch.size", "batch.bytes", "batch.lingerMs"), "deliver batches (x-consumer.batch)");
  if (policy.order === "key" || policy.order === "strict") {
    require("keyOrder", at("order"), `keep messages in order (x-consumer.order: ${policy.order})`);
  }
  if ((policy.retry?.delaysMs ?? []).length > 0)
    require("delayedRetry", at("retry.delaysMs"), "delay a retry (x-retry.delays)");
  if (policy.deadLetter) require("deadLetter", at("deadLetter"), "keep dead letters (x-dead-letter)");
}

/** True, false, or the protocol version that has it. */
function supportOf({ broker, protocolVersion }: Meeting, capability: keyof BrokerCapabilities): boolean | number {
  if (!broker.capabilities[capability]) return false;
  const since = broker.since[capability];
  const version = Number.parseFloat(protocolVersion);
  return since === undefined || Number.isNaN(version) || version >= since ? true : since;
}

function checkParameters(
  context: Context,
  { operation, channel }: LinkedOperation,
  { broker }: Meeting,
  reported: Set<string>,
): void {
  const { address, parameters, id, origin } = channel.channel;
  if (operation.action !== "receive" || address === undefined || parameters.length === 0) return;
  const key = `${broker.id} ${id}`;
  if (broker.capabilities.openParameters || reported.has(key)) return;
  reported.add(key);
  context.loss("E3032", origin, { address, broker: broker.name });
}

function checkExpressions(
  context: Context,
  schemas: Schemas,
  messages: LinkedChannel["channel"]["messages"],
  ids: readonly string[],
  idempotencyKey: LinkedChannel["policy"]["idempotencyKey"],
): void {
  for (const message of messages) {
    if (!ids.includes(message.id) || idempotencyKey === undefined) continue;
    const { pointer, origin } = idempotencyKey;
    const missing = missingInPayload(context, schemas, message.payload, pointer);
    if (missing === undefined) continue;
    context.fault("E3025", origin, { key: "x-idempotency-key", pointer, message: message.id, ...missing });
  }
}
