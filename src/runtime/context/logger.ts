/** Severities, as pino and most others name them. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** What a logger must have; pino's do. */
export type Logger = {
  readonly [L in LogLevel]: (fields: Readonly<Record<string, unknown>>, message: string) => void;
};

/**
 * A logger that writes JSON lines with time and level, of errors type, message, stack and cause. Whatever it is given,
 * there is a line: what contains itself, or cannot be read, is said to be so in its place.
 */
export function jsonLogger(write: (line: string) => void = (line) => process.stdout.write(line)): Logger {
  const at =
    (level: LogLevel) =>
    (fields: Readonly<Record<string, unknown>>, message: string): void =>
      write(`${jsonOf({ time: new Date().toISOString(), level, message, ...unreserved(fields) })}\n`);
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

const unprintable = "[unprintable]";

function jsonOf(record: Readonly<Record<string, unknown>>): string {
  try {
    return JSON.stringify(record, plainly());
  } catch {
    // a getter or a toJSON that throws: only the field that has it is lost
    const parts = Object.entries(record).map(([name, value]) => {
      const json = tried(() => JSON.stringify(value, plainly()), undefined);
      return [name, json === undefined ? unprintable : (JSON.parse(json) as unknown)];
    });
    return JSON.stringify(Object.fromEntries(parts));
  }
}

/** Errors and bigints as JSON can hold them, and whatever contains itself. */
function plainly(): (this: unknown, key: string, value: unknown) => unknown {
  /** What the value at hand is within, with what stands for it in the JSON. */
  const around: { readonly value: object; readonly shown: object }[] = [];
  return function (_key, value) {
    if (typeof value === "bigint") return value.toString();
    if (typeof value !== "object" || value === null) return value;
    while (around.length > 0 && around.at(-1)?.shown !== this) around.pop();
    if (around.some((outer) => outer.value === value)) return "[circular]";
    const shown = value instanceof Error ? plainError(value) : value;
    around.push({ value, shown });
    return shown;
  };
}

function plainError(error: Error): object {
  const { name: type, message, stack, cause } = error;
  return { type, message, stack, ...(cause === undefined ? {} : { cause }) };
}

/** Names that loggers give meaning to; a second value would hide the first or stand beside it. */
const ofLoggers = { time: undefined, level: undefined, message: undefined };

/** The fields whose names neither a line nor loggers have taken: what users add must not hide what a line says. */
export function unreserved(
  fields: Readonly<Record<string, unknown>> = {},
  taken: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(fields).filter(([name]) => !Object.hasOwn(taken, name) && !Object.hasOwn(ofLoggers, name)),
  );
}

/** What that gives; the other where it throws. */
export function tried<T>(give: () => T, otherwise: T): T {
  try {
    return give();
  } catch {
    return otherwise;
  }
}
