import { passiveTracer, type Span, type TraceContext } from "../context/index.js";
import { traceOf } from "./attempt.js";
import { isSilent } from "./publish.js";
import type { ConsumerSettings } from "./settings.js";
import type { BrokerDelivery } from "./types.js";

/**
 * Messages of one trace are handled in it, below the first of them; else the batch begins a trace of its own. Baggage
 * that all of them have goes on in either. A span has links to the messages that it is not below.
 */
export function startBatchSpan(
  sources: readonly BrokerDelivery[],
  { tracer, channel, spanAttributes }: Pick<ConsumerSettings, "tracer" | "channel" | "spanAttributes">,
): Span {
  const positions = sources.map(({ headers }) => traceOf(headers));
  const [first] = positions;
  const together = first !== undefined && positions.every((position) => position?.traceId === first.traceId);
  const baggage = commonBaggage(positions);
  const parent = together ? { ...first, baggage } : undefined;
  return (isSilent(tracer) ? passiveTracer : tracer).start(`process ${channel}`, {
    kind: "consumer",
    parent,
    baggage,
    links: positions.flatMap((position) =>
      position === undefined || position.spanId === parent?.spanId ? [] : [position],
    ),
    attributes: {
      ...spanAttributes,
      "messaging.operation.name": "process",
      "messaging.operation.type": "process",
      "messaging.batch.message_count": sources.length,
    },
  });
}

/** The members of `baggage` headers that are in each of them; undefined without any. */
function commonBaggage(positions: readonly (TraceContext | undefined)[]): string | undefined {
  const [first, ...others] = positions.map((position) => position?.baggage);
  if (first === undefined || others.every((other) => other === first)) return first;
  let common = membersOf(first);
  for (const other of others) {
    if (common.length === 0) break;
    if (other === first) continue;
    const members = new Set(membersOf(other ?? ""));
    common = common.filter((member) => members.has(member));
  }
  return common.length === 0 ? undefined : common.join(",");
}

function membersOf(baggage: string): string[] {
  return baggage
    .split(",")
    .map((member) => member.trim())
    .filter((member) => member !== "");
}
