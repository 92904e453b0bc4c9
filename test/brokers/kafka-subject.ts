import { fileURLToPath } from "node:url";
import type { ProvidedService } from "../support/services.js";
import { saslUser } from "../support/services/kafka.js";
import type { BrokerSubject } from "./suite.js";

/** What all Kafka subjects of the behaviour suite have in common. */
export function kafkaSubject(
  { url }: Pick<ProvidedService, "url">,
  client: "kafka" | "kafkajs",
  more: Pick<BrokerSubject, "title" | "connect" | "startOwn" | "pipeline">,
): BrokerSubject {
  const { hostname, hash } = new URL(url);
  const secured = `kafka://${saslUser.username}:wrong-secret@${hostname}:${hash.replace("#sasl=", "")}`;
  return {
    id: "kafka",
    mission: "M24",
    url,
    clientModule: fileURLToPath(new URL(`./clients/${client}.ts`, import.meta.url)),
    absent: (port) => `kafka://127.0.0.1:${port}`,
    wrongCredentials: () => Promise.resolve(secured),
    bindings: { kafka: { partitions: 4 } },
    concurrent: true,
    ...more,
  };
}
