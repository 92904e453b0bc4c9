import { QueueError } from "../../../queue/index.js";

/** Where the servers are and how to log in, as far as the address tells. */
export interface Servers {
  readonly hosts: readonly string[];
  readonly tls: boolean;
  readonly credentials: { readonly username: string; readonly password: string } | undefined;
}

/** Reads `localhost:9092,other:9092` or `kafka-secure://user:password@host:9092`. @throws {QueueError} `usage`. */
export function parseServers(given: string | readonly string[]): Servers {
  const text = typeof given === "string" ? given : given.join(",");
  const help =
    "the address of Kafka must be hosts with ports such as localhost:9092,other:9092 or kafka-secure://user@host:9092";
  const [, other] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text) ?? [];
  if (other !== undefined && !/^(kafka|kafka-secure|kafkas)$/i.test(other)) throw new QueueError("usage", help);
  const match = /^(?:(kafka|kafka-secure|kafkas):\/\/)?(?:([^@]*)@)?([^@/?#]*)(?:[/?#].*)?$/i.exec(text);
  const [, scheme = "kafka", login, list = ""] = match ?? [];
  const hosts = list
    .split(",")
    .map((host) => host.trim())
    .filter((host) => host !== "")
    .map((host) => (/:[0-9]+$/.test(host) ? host : `${host}:9092`));
  if (hosts.length === 0 || !hosts.every((host) => /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+):[0-9]{1,5}$/i.test(host))) {
    throw new QueueError("usage", help);
  }
  return { hosts, tls: scheme.toLowerCase() !== "kafka", credentials: credentialsOf(login) };
}

function credentialsOf(login: string | undefined): Servers["credentials"] {
  if (login === undefined || login === "") return undefined;
  const [username = "", ...rest] = login.split(":");
  try {
    return { username: decodeURIComponent(username), password: decodeURIComponent(rest.join(":")) };
  } catch {
    throw new QueueError("usage", "the user or password in the address of Kafka is not percent-encoded");
  }
}
