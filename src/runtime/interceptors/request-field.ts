/**
 * Reads a field of a message by its path of contract names, `order.customer_id`. Undefined where a message on the way
 * is absent. A field of a oneof is found where it is the one that is set.
 *
 * @example const idOf = createFieldReader("order.id"); idOf(request);
 */
export function createFieldReader(path: string): (message: unknown) => unknown {
  const names = path.split(".").map(lowerCamel);
  return (message) => {
    let value = message;
    for (const name of names) {
      if (typeof value !== "object" || value === null) return undefined;
      value = fieldOf(value, name);
    }
    return value;
  };
}

/** A name as emitted code has it: those that every object has got a `$`. */
function fieldOf(message: object, name: string): unknown {
  if (Object.hasOwn(message, name)) return Reflect.get(message, name);
  if (Object.hasOwn(message, `${name}$`)) return Reflect.get(message, `${name}$`);
  for (const each of Object.values(message)) {
    if (isSetCase(each) && (each.case === name || each.case === `${name}$`)) return each.value;
  }
  return undefined;
}

function isSetCase(value: unknown): value is { readonly case: string; readonly value: unknown } {
  return typeof value === "object" && value !== null && Object.hasOwn(value, "case") && Object.hasOwn(value, "value");
}

/** The rule by which generated code names properties. */
function lowerCamel(name: string): string {
  return name.replace(/_+(.)?/g, (_, next: string | undefined) => (next ?? "").toUpperCase());
}
