import type { LinkedChannel } from "./channels.js";
import type { Context } from "./context.js";
import { shareServers } from "./group-checks.js";

/**
 * Says where addresses overlap on NATS JetStream, where each subject is in one stream: the narrower one has no stream of
 * its own, or the wider one cannot be made, by which of them comes first.
 */
export function checkSubjects(context: Context, channels: readonly LinkedChannel[]): void {
  channels.forEach((wide) => {
    const { address, id, origin } = wide.channel;
    const pattern = subjectOf(address);
    if (address === undefined || pattern === undefined || !pattern.includes("*")) return;
    const met = channels.filter((other) => {
      const subject = subjectOf(other.channel.address);
      if (other === wide || subject === undefined || subject.join(".") === pattern.join(".")) return false;
      const [stream, its] = [streamOf(wide), streamOf(other)];
      if (!shareServers(wide, other) || (stream !== undefined && stream === its)) return false;
      // of two patterns the later one would say the same again
      if (subject.includes("*") && channels.indexOf(other) < channels.indexOf(wide)) return false;
      return subject.length === pattern.length && subject.every((word, i) => meet(word, pattern[i] ?? ""));
    });
    if (met.length > 0) context.warn("E3028", origin, { channel: id, others: met.map((other) => other.channel.id) });
  });
}

function meet(word: string, other: string): boolean {
  return word === other || word === "*" || other === "*";
}

/** Words of the subject: those that hold parameters are open, and only then `/` separates as `.` does. */
function subjectOf(address: string | undefined): readonly string[] | undefined {
  if (address === undefined) return undefined;
  if (!/\{[^{}]+\}/.test(address)) return address.split(".");
  return address.split(/[./]/).map((word) => (/\{[^{}]+\}/.test(word) ? "*" : word));
}

function streamOf({ channel }: LinkedChannel): string | undefined {
  const settings = channel.bindings.get("x-jetstream");
  const named = typeof settings === "object" && settings !== null && "stream" in settings ? settings.stream : undefined;
  return typeof named === "string" ? named : undefined;
}
