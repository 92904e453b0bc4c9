/** Longest address that a request may name. */
const maxLength = 512;

/**
 * A word `inbox`, as all brokers here name theirs, then words, the last of which nobody guesses; or one of RabbitMQ's
 * own. The words have no characters in common with what separates them, so that this takes linear time.
 */
const pattern = /(?:^|[./:])_?inbox[./:](?:[\w-]+[./:])*[\w-]{16,}$/i;
const rabbitmq = /^amq\.(?:rabbitmq\.reply-to\.[\w+/=.-]+|gen-[\w-]{16,})$/;

/**
 * True for the address of an inbox, known by its name. A request comes from strangers: what it names as the place for
 * its reply may be any queue, and a service must not become the means to write there.
 */
export function isInboxAddress(address: string): boolean {
  return address.length <= maxLength && (pattern.test(address) || rabbitmq.test(address));
}
