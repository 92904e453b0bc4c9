import type { Additions, Transport } from "./types.js";

/** Under a symbol, for names in a context belong to users. */
const key: unique symbol = Symbol("wirespan.transport");

/** What a layer adds to the context of a call so that it goes over another transport than the client's. */
export function throughTransport(transport: Transport): Additions {
  const added: object = { [key]: transport };
  return added;
}

/** The transport that a layer has chosen for the call. */
export function transportOf(context: object): Transport | undefined {
  // sound because only the function above has the key
  return key in context ? (context[key] as Transport) : undefined;
}
