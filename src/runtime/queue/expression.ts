/** Reads a value out of a message: the key by which it is ordered, as text. */
export type MessageExpression = (message: unknown, headers: Readonly<Record<string, string>>) => string | undefined;

const cache = new Map<string, MessageExpression>();

/**
 * Compiles a runtime expression of the contract, `$message.payload#/user/id` or `$message.header#/tenant`, whose
 * pointer names properties of the message as the program sees it. Anything else, and values that are not scalars,
 * give undefined.
 */
export function messageExpression(source: string): MessageExpression {
  let compiled = cache.get(source);
  if (compiled === undefined) {
    compiled = compile(source);
    if (cache.size < 10_000) cache.set(source, compiled);
  }
  return compiled;
}

function compile(source: string): MessageExpression {
  const match = /^\$message\.(payload|header)#(\/.*)?$/s.exec(source);
  if (match === null) return () => undefined;
  const path = (match[2] ?? "")
    .split("/")
    .slice(1)
    .map((segment) => segment.replace(/~1/g, "/").replace(/~0/g, "~"));
  return match[1] === "payload"
    ? (message) => scalarText(follow(message, path))
    : (_message, headers) => {
        const name = path[0] ?? "";
        return path.length === 1 && Object.hasOwn(headers, name) ? headers[name] : undefined;
      };
}

function follow(value: unknown, path: readonly string[]): unknown {
  let current = value;
  for (const segment of path) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, segment)) return undefined;
    // sound: an own property of an object was asked for
    current = (current as Readonly<Record<string, unknown>>)[segment];
  }
  return current;
}

function scalarText(value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
    case "bigint":
    case "boolean":
      return String(value);
    default:
      return undefined;
  }
}
