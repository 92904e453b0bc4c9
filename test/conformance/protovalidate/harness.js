// The messages of the suite's harness, read and written by number: their protos do not come with it.
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** The length-delimited fields of a message: `[number, bytes]`. */
export function* parts(bytes) {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    if (type === WireType.LengthDelimited) yield [number, reader.bytes()];
    else reader.skip(type, number);
  }
}

function text(bytes) {
  return new TextDecoder().decode(bytes);
}

/** The value of the field of that number; empty where there is none. */
function part(bytes, wanted) {
  let found = new Uint8Array();
  for (const [number, value] of parts(bytes)) if (number === wanted) found = value;
  return found;
}

/** A `TestConformanceRequest`. */
export function readRequest(bytes) {
  const cases = [];
  for (const [number, entry] of parts(bytes)) {
    if (number !== 3) continue;
    const any = part(entry, 2);
    cases.push({ name: text(part(entry, 1)), typeUrl: text(part(any, 1)), value: part(any, 2) });
  }
  return { set: part(bytes, 2), cases };
}

const results = { validationError: 2, compilationError: 3, runtimeError: 4, unexpectedError: 5 };

/** A `TestConformanceResponse`: by name `{ success: true }`, or one of the others with its text or bytes. */
export function writeResponse(answers) {
  const writer = new BinaryWriter();
  for (const [name, answer] of answers) {
    writer.tag(1, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.LengthDelimited).string(name);
    writer.tag(2, WireType.LengthDelimited).fork();
    const [kind, value] = Object.entries(answer)[0];
    if (kind === "success") writer.tag(1, WireType.Varint).bool(true);
    else if (typeof value === "string") writer.tag(results[kind], WireType.LengthDelimited).string(value);
    else writer.tag(results[kind], WireType.LengthDelimited).bytes(value);
    writer.join().join();
  }
  return writer.finish();
}

/** The serialised files of all the sets in a `ResultSet`, each once. */
export function filesOfResults(bytes) {
  const files = new Map();
  for (const [number, suite] of parts(bytes)) {
    if (number !== 3) continue;
    for (const [field, set] of parts(suite)) {
      if (field !== 5) continue;
      for (const [, file] of parts(set)) files.set(text(part(file, 1)), file);
    }
  }
  return [...files.values()];
}

/** The names of all cases in a `ResultSet`, by suite. */
export function casesOfResults(bytes) {
  const suites = new Map();
  for (const [number, suite] of parts(bytes)) {
    if (number !== 3) continue;
    const cases = [];
    for (const [field, one] of parts(suite)) if (field === 4) cases.push(text(part(one, 1)));
    suites.set(text(part(suite, 1)), cases);
  }
  return suites;
}
