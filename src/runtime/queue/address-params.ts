import { hasParameters, matchAddress, type AddressMatcher } from "./address.js";
import { QueueError } from "./errors.js";
import type { ChannelInfo, ChannelParameterInfo } from "./types.js";

/**
 * Reads the values of parameters out of a message's address. Undefined for an address that is none of the channel's, an
 * error with the code `invalid` where the contract does not allow a value.
 */
export type ParamsReader = (address: string) => Record<string, string> | QueueError | undefined;

/**
 * How a consumer reads addresses: by the contract's template, also where the program says which of its addresses it
 * consumes; by the program's own where that has parameters itself.
 *
 * @throws {QueueError} `usage` when the program's address cannot be one of the channel's.
 */
export function createParamsReader<T, Init, Params>(
  channel: Pick<ChannelInfo<T, Init, Params>, "id" | "address" | "parameters">,
  given: string | undefined,
): ParamsReader {
  const closed = (channel.parameters ?? []).filter(({ values }) => values !== undefined);
  if (given === undefined || given === channel.address || hasParameters(given)) {
    const template = given ?? channel.address;
    checkNames(channel, template);
    return hasParameters(template) ? checked(matchAddress(template), closed) : noParams;
  }
  if (!hasParameters(channel.address)) return noParams;
  const match = matchLoosely(channel.address);
  if (isPattern(given)) return checked(match, closed);
  const own = match(given);
  if (own === undefined) {
    throw new QueueError("usage", `channel ${channel.id}: the address ${given} does not fit ${channel.address}`);
  }
  const fault = faultOf(own, closed);
  if (fault !== undefined) throw new QueueError("usage", `channel ${channel.id}: ${given}: ${fault}`);
  // others' publishers may call it by another name than the place they put it
  return checked((address) => match(address) ?? { ...own }, closed);
}

const noParams: ParamsReader = () => ({});

function checked(match: AddressMatcher, closed: readonly ChannelParameterInfo[]): ParamsReader {
  if (closed.length === 0) return match;
  return (address) => {
    const params = match(address);
    if (params === undefined) return undefined;
    const fault = faultOf(params, closed);
    return fault === undefined ? params : new QueueError("invalid", `the address ${shown(address)}: ${fault}`);
  };
}

const maxNamed = 20;

/** What is wrong with the values; undefined when the contract allows them all. */
function faultOf(
  params: Readonly<Record<string, string>>,
  closed: readonly ChannelParameterInfo[],
): string | undefined {
  for (const { name, values = [] } of closed) {
    const value = params[name];
    if (value === undefined || values.includes(value)) continue;
    const allowed = values.slice(0, maxNamed).map((item) => JSON.stringify(item));
    const more = values.length > maxNamed ? `, and ${values.length - maxNamed} more` : "";
    return `the parameter ${name} is ${shown(value)}, it must be one of ${allowed.join(", ")}${more}`;
  }
  return undefined;
}

/** Handlers are promised the contract's parameters, whatever the address is. */
function checkNames<T, Init, Params>(
  channel: Pick<ChannelInfo<T, Init, Params>, "id" | "address">,
  template: string,
): void {
  for (const [text] of channel.address.matchAll(/\{[^{}]+\}/g)) {
    if (template.includes(text)) continue;
    throw new QueueError("usage", `channel ${channel.id}: the address ${template} has no ${text}`);
  }
}

/** Some brokers have one separator only: there `a/b` arrives as `a.b`. */
function matchLoosely(template: string): AddressMatcher {
  const exact = matchAddress(template);
  const loose = matchAddress(template.replaceAll("/", "."));
  return (address) => exact(address) ?? loose(address.replaceAll("/", "."));
}

/** True for what several addresses fit, in the language of some broker: `orders.*`, `orders/#`, `orders.>`. */
function isPattern(address: string): boolean {
  return address.split(/[./]/).some((word) => /^[*+#>]$/.test(word));
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
