import type { BrokerCapabilities, BrokerInfo, Origin } from "../../model/index.js";
import type { LinkedChannel, LinkedDocument, LinkedOperation } from "./channels.js";
import type { Context } from "./context.js";
import { missingInPayload } from "./pointers.js";
import type { Schemas } from "./schemas.js";
import type { LinkedServer, Protocols } from "./servers.js";

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
  for (const { channel, policy } of channels) {
    const ids = channel.messages.map(({ id }) => id);
    checkExpressions(context, schemas, channel.messages, ids, policy.idempotencyKey);
  }
  for (const operation of operations) {
    const { channel, policy } = operation;
    const ids = operation.operation.messages;
    if (policy.idempotencyKey?.origin !== channel.policy.idempotencyKey?.origin) {
      checkExpressions(context, schemas, channel.channel.messages, ids, policy.idempotencyKey);
    }
    const meetings = meetingsOf(channel.servers, protocols);
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
function meetingsOf(servers: readonly LinkedServer[], { brokers }: Protocols): readonly Meeting[] {
  const named = servers.filter(({ protocol }) => protocol !== undefined);
  if (named.length === 0) return brokers.map((broker) => ({ broker, protocolVersion: "" }));
  const meetings = new Map<string, Meeting>();
  for (const { broker, server } of named) {
    const { protocolVersion } = server;
    if (broker !== undefined) meetings.set(`${broker.id} ${protocolVersion}`, { broker, protocolVersion });
  }
  return [...meetings.values()];
}

function checkCapabilities(context: Context, { operation, policy }: LinkedOperation, meeting: Meeting): void {
  const { broker } = meeting;
  const require = (capability: keyof BrokerCapabilities, origin: Origin, what: string): void => {
    const support = supportOf(meeting, capability);
    if (support === true) return;
    const instead = support === false ? undefined : `it takes protocolVersion ${support} or later on the server`;
    context.fault("E3031", origin, { what, broker: broker.name, instead });
  };
  const origin = policy.origin ?? operation.origin;
  if (operation.reply !== undefined) require("requestReply", operation.origin, "answer requests");
  if (operation.action !== "receive") return;
  if (policy.batch !== undefined) require("batch", origin, "deliver batches (x-consumer.batch)");
  if (policy.order === "key" || policy.order === "strict") {
    require("keyOrder", origin, `keep messages in order (x-consumer.order: ${policy.order})`);
  }
  if ((policy.retry?.delaysMs ?? []).length > 0) require("delayedRetry", origin, "delay a retry (x-retry.delays)");
  if (policy.deadLetter) require("deadLetter", origin, "keep dead letters (x-dead-letter)");
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
