import type { Tracer } from "@wirespan/runtime/context";
import type { Broker } from "@wirespan/runtime/queue";
import { consumeUserCreated } from "./gen/users.events.js";
import type { Running } from "./running.js";

/** A mail as it goes out. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  /** The trace that led to it, as it arrived with the message. */
  readonly traceparent: string;
}

export interface MailServiceOptions {
  readonly broker: Broker;
  readonly tracer: Tracer;
  readonly send: (mail: Mail) => Promise<void> | void;
}

/** The mail service: greets every new user. Its group, retries and dead letters stand in users.events.yaml. */
export async function startMailService({ broker, tracer, send }: MailServiceOptions): Promise<Running> {
  const consumer = await consumeUserCreated(
    broker,
    async ({ user }, delivery) => {
      if (user === undefined) return;
      const traceparent = delivery.headers["traceparent"] ?? "";
      await send({ to: user.email, subject: `Welcome, ${user.name}!`, traceparent });
    },
    { tracer },
  );
  return {
    async stop() {
      await consumer.drain();
    },
  };
}
