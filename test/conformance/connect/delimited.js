/** Messages on stdin and stdout with their length, four bytes, big-endian, before each. */

/** The messages of an input, as bytes. */
export async function* readDelimited(input) {
  let rest = Buffer.alloc(0);
  for await (const chunk of input) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (rest.length - at >= 4) {
      const length = rest.readUInt32BE(at);
      if (rest.length - at - 4 < length) break;
      yield rest.subarray(at + 4, at + 4 + length);
      at += 4 + length;
    }
    rest = rest.subarray(at);
  }
}

/** Writes one message; resolves when it may be followed by another. */
export function writeDelimited(output, bytes) {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(bytes.length);
  return new Promise((resolve, reject) => {
    output.write(Buffer.concat([head, bytes]), (error) => (error ? reject(error) : resolve()));
  });
}
