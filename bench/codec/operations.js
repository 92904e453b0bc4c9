// What is measured: operations over all messages of a shape, each of which gives the number of messages.

// exported, so that no engine may leave the work undone
export let kept = 0;

/** `encode` of what was decoded, `literal`: encode of what a program wrote, `decode`. */
export const operationNames = ["encode", "literal", "decode"];

/** `toJson`, `fromJson`: values; `toText`, `fromText`; `toBytes`: text that is then sent. */
export const jsonOperationNames = ["toJson", "fromJson", "toText", "fromText", "toBytes"];

/** One of the operations. */
export function createOperation(name, codec, bytes) {
  return (jsonOperationNames.includes(name) ? jsonOperationsOf : operationsOf)(codec, bytes)[name];
}

function jsonOperationsOf({ decode, json: { toJson, fromJson, toText, fromText } }, bytes) {
  const decoded = bytes.map((one) => decode(one));
  const texts = decoded.map((message) => toText(message));
  const values = texts.map((text) => JSON.parse(text));
  const over = (inputs, convert) => () => {
    for (let i = 0; i < inputs.length; i++) if (convert(inputs[i]) === undefined) kept++;
    return inputs.length;
  };
  return {
    toJson: over(decoded, toJson),
    fromJson: over(values, fromJson),
    toText: over(decoded, toText),
    fromText: over(texts, fromText),
    toBytes: over(decoded, (message) => Buffer.from(toText(message))),
  };
}

/** The operations by name. */
export function operationsOf({ encode, encodeLiteral, decode, literals }, bytes) {
  const decoded = bytes.map((one) => decode(one));
  return {
    encode: () => {
      for (let i = 0; i < decoded.length; i++) kept += encode(decoded[i]).length;
      return decoded.length;
    },
    literal: () => {
      for (let i = 0; i < literals.length; i++) kept += encodeLiteral(literals[i]).length;
      return literals.length;
    },
    decode: () => {
      for (let i = 0; i < bytes.length; i++) if (decode(bytes[i]) === undefined) kept++;
      return bytes.length;
    },
  };
}
