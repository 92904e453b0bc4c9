/** What a broker can do at the most; the rows of the capability table. */
export interface BrokerCapabilities {
  /** Each published message gets its own confirmation. */
  readonly confirms: boolean;
  /** Manual acknowledgement; what was not acknowledged comes again after a crash. */
  readonly redelivery: boolean;
  /** Several consumers share the work of a group. */
  readonly competing: boolean;
  /** Every group gets every message. */
  readonly fanOut: boolean;
  /** Order per key with concurrent handlers, within one consumer process. */
  readonly keyOrder: boolean;
  /** Consuming a parameterised address without naming its parameters. */
  readonly openParameters: boolean;
  readonly batch: boolean;
  /** Retry after a delay while other messages keep flowing. */
  readonly delayedRetry: boolean;
  readonly deadLetter: boolean;
  readonly headers: boolean;
  readonly requestReply: boolean;
  /** Messages survive a kill -9 of the broker. */
  readonly durable: boolean;
  readonly reconnect: boolean;
}

/** One broker: a row here, a file in `runtime/brokers`, an entry in the runtime's package.json. */
export interface BrokerInfo {
  /** Also the name of its module, `@wirespan/runtime/brokers/<id>`. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  /** As AsyncAPI documents name it; the key of its bindings too. */
  readonly protocol: string;
  readonly aliases: readonly string[];
  readonly capabilities: BrokerCapabilities;
  /** Capabilities that a lower `protocolVersion` of a server lacks. */
  readonly since: Readonly<Partial<Record<keyof BrokerCapabilities, number>>>;
  /** False: code is generated for it, the module that connects to it does not exist yet. */
  readonly adapter: boolean;
}

const everything: BrokerCapabilities = {
  confirms: true,
  redelivery: true,
  competing: true,
  fanOut: true,
  keyOrder: true,
  openParameters: true,
  batch: true,
  delayedRetry: true,
  deadLetter: true,
  headers: true,
  requestReply: true,
  durable: true,
  reconnect: true,
};

/** The brokers in the order of help texts and tables. */
export const brokers: readonly BrokerInfo[] = [
  {
    id: "memory",
    name: "the memory broker",
    protocol: "memory",
    aliases: [],
    capabilities: { ...everything, durable: false, reconnect: false },
    since: {},
    adapter: true,
  },
  {
    id: "rabbitmq",
    name: "RabbitMQ",
    protocol: "amqp",
    aliases: ["amqps"],
    capabilities: everything,
    since: {},
    adapter: true,
  },
  {
    id: "kafka",
    name: "Kafka",
    protocol: "kafka",
    aliases: ["kafka-secure"],
    capabilities: { ...everything, openParameters: false },
    since: {},
    adapter: false,
  },
  {
    id: "redis",
    name: "Redis Streams",
    protocol: "redis",
    aliases: ["rediss"],
    capabilities: { ...everything, openParameters: false },
    since: {},
    adapter: true,
  },
  {
    id: "nats",
    name: "NATS JetStream",
    protocol: "nats",
    aliases: [],
    capabilities: everything,
    since: {},
    adapter: false,
  },
  {
    id: "nats-core",
    name: "NATS without JetStream",
    // asked for by `x-nats: { core: true }` on the server, not by a protocol name of its own
    protocol: "nats-core",
    aliases: [],
    capabilities: { ...everything, confirms: false, redelivery: false, keyOrder: false, batch: false, durable: false },
    since: {},
    adapter: false,
  },
  {
    id: "mqtt",
    name: "MQTT",
    protocol: "mqtt",
    aliases: ["mqtts", "secure-mqtt", "mqtt5"],
    capabilities: { ...everything, batch: false, durable: false },
    // headers travel in an envelope before 5; a reply needs the response topic of 5
    since: { requestReply: 5 },
    adapter: false,
  },
];

/** Other names of protocols that no broker here speaks. */
const otherAliases: ReadonlyMap<string, string> = new Map([
  ["wss", "ws"],
  ["https", "http"],
]);

/** The protocol without regard to its security: `amqps` → `amqp`, `wss` → `ws`. Unknown ones as they are. */
export function canonicalProtocol(name: string): string {
  const protocol = name.toLowerCase();
  const broker = brokers.find(({ aliases }) => aliases.includes(protocol));
  return broker?.protocol ?? otherAliases.get(protocol) ?? protocol;
}

/** The broker that speaks a protocol, by any of its names; undefined where wirespan has none. */
export function brokerOf(protocol: string): BrokerInfo | undefined {
  const canonical = canonicalProtocol(protocol);
  return brokers.find((broker) => broker.protocol === canonical);
}
