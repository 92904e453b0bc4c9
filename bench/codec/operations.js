// What is measured: operations over all messages of a shape, each of which gives the number of messages.

// exported, so that no engine may leave the work undone
export let kept = 0;

/** `encode` of what was decoded, `literal`: encode of what a program wrote, `decode`. */
export const operationNames = ["encode", "literal", "decode"];

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
