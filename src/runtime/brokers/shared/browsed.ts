import {
  messageHeaders,
  numberHeader,
  QueueError,
  type BrokerDelivery,
  type OutgoingMessage,
} from "../../queue/index.js";

/** A message that was looked at and not taken, as a delivery that nobody can settle. `crashes` add to its attempt. */
export function browsed(
  message: OutgoingMessage,
  place: Pick<BrokerDelivery, "group" | "position" | "redelivered">,
  crashes = 0,
): BrokerDelivery {
  const attempt = (numberHeader(message.headers, messageHeaders.attempt, 1) ?? 1) + crashes;
  return { ...message, ...place, attempt, ack: refuse, nack: refuse, extend: refuse };
}

const refuse = (): Promise<never> => Promise.reject(new QueueError("usage", "a browsed message cannot be settled"));
