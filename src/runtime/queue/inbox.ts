/** Longest address that a request may name. */
const maxLength = 512;

/**
 * The inboxes of the brokers here end with a UUID. They are told by all of their name: a program may well have an
 * `inbox.<id>` of its own for each user.
 */
const ours =
  /^(?:wirespan[./]inbox[./]|inbox:memory:|[\w.-]{1,249}\/inbox\/\d{1,5}\/)[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/;
/** Of any client of NATS. The words have no characters in common with what separates them: this takes linear time. */
const nats = /^_INBOX\.(?:[\w-]+\.)*[\w-]{16,}$/;
/** Of any client of RabbitMQ. */
const rabbitmq = /^amq\.(?:rabbitmq\.reply-to\.[\w+/=.-]+|gen-[\w-]{16,})$/;

/**
 * True for the address of an inbox, known by its name. A request comes from strangers: what it names as the place for
 * its reply may be any queue, and a service must not become the means to write there.
 */
export function isInboxAddress(address: string): boolean {
  return address.length <= maxLength && (ours.test(address) || nats.test(address) || rabbitmq.test(address));
}
