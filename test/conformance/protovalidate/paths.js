/** Paths in text, as our violations have them, and the `buf.validate.FieldPath` that they stand for. */
const segment = /(?:^|\.)(\[[\w.]+\]|[A-Za-z_]\w*)(?:\[(-?\d+|true|false|"(?:[^"\\]|\\.)*")\])?/y;

/** The elements of a path that begins in a message; `registry` knows extensions. */
export function pathElements(text, message, registry) {
  const elements = [];
  let inside = message;
  segment.lastIndex = 0;
  while (segment.lastIndex < text.length) {
    const match = segment.exec(text);
    if (match === null) throw new Error(`not a path: ${text}`);
    const [, name, subscript] = match;
    const field = name.startsWith("[")
      ? registry.getExtension(name.slice(1, -1))
      : inside?.fields.find((candidate) => candidate.name === name);
    if (field === undefined) {
      // a oneof is all that has no number
      if (!inside?.oneofs.some((oneof) => oneof.name === name)) throw new Error(`${inside?.typeName}: no ${name}`);
      elements.push({ fieldName: name });
      continue;
    }
    const element = { fieldNumber: field.number, fieldName: name, fieldType: typeOf(field) };
    if (subscript !== undefined) Object.assign(element, subscriptOf(field, subscript));
    elements.push(element);
    inside = field.message;
  }
  return elements;
}

const group = 10;

/** Editions say by a feature what was a type of its own. */
function typeOf(field) {
  return field.fieldKind === "message" && field.delimitedEncoding ? group : field.proto.type;
}

function subscriptOf(field, text) {
  if (field.fieldKind === "list") return { subscript: { case: "index", value: BigInt(text) } };
  const entry = field.parent.proto.nestedType.find(({ name }) => field.proto.typeName.endsWith(`.${name}`));
  const [key, value] = entry.field;
  return { keyType: key.type, valueType: value.type, subscript: keyOf(key.type, text) };
}

const strings = 9;
const booleans = 8;
const unsigned = new Set([4, 6, 7, 13]);

function keyOf(type, text) {
  if (type === strings) return { case: "stringKey", value: JSON.parse(text) };
  if (type === booleans) return { case: "boolKey", value: text === "true" };
  return { case: unsigned.has(type) ? "uintKey" : "intKey", value: BigInt(text) };
}
