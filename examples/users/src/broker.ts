import type { Tracer } from "@wirespan/runtime/context";
import { createMemoryBroker } from "@wirespan/runtime/brokers/memory";
import type { Broker } from "@wirespan/runtime/queue";

/** The broker behind a URL; without one the embedded broker, which lives in this process. */
export async function openBroker(url: string | undefined, tracer: Tracer): Promise<Broker> {
  if (url === undefined) return createMemoryBroker({ tracer });
  const { connectRabbitmq } = await import("@wirespan/runtime/brokers/rabbitmq");
  return connectRabbitmq(url, { tracer });
}
