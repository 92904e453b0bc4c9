import { createChecker, resolveShape, type ShapeRef } from "./checker.js";
import { read, write } from "./convert.js";
import { copyHeaders } from "./headers.js";
import { isRecord, setOwn } from "./json.js";
import { invalid } from "./payload.js";

/** Headers that the contract describes: how they become texts, and what texts become of them. */
export interface HeadersType {
  readonly typeName: string;
  /** The headers as texts. @throws {QueueError} `invalid` when they do not fit the contract. */
  write(headers: object): Record<string, string>;
  /** The described headers among those of a message. @throws {QueueError} `invalid` likewise. */
  read(headers: Readonly<Record<string, string>>): object;
}

/** What headers are described by. */
export interface HeadersDescription {
  /** For messages of errors. */
  readonly typeName: string;
  readonly shape: ShapeRef;
  /** Names of the headers that are their values. */
  readonly text?: readonly string[];
  /** Names of the headers that are the JSON of their values: `5`, `true`, `["a"]`. */
  readonly json?: readonly string[];
}

/**
 * Headers that a schema describes. Brokers carry texts: a header whose schema allows text is the text itself, any other
 * is JSON. Headers that the schema does not name (the trace, those of other people) pass unseen in both directions.
 *
 * @example
 * const headers = headersType({
 *   typeName: "OrderHeaders",
 *   shape: orderHeadersShape,
 *   text: ["tenant"],
 *   json: ["retries"],
 * });
 */
export function headersType({ typeName, shape, text = [], json = [] }: HeadersDescription): HeadersType {
  const described = [...text.map((name) => [name, false] as const), ...json.map((name) => [name, true] as const)];
  const names = new Set(described.map(([name]) => name));

  function check(value: unknown): void {
    const checker = createChecker();
    resolveShape(shape).check(value, checker);
    if (!checker.ok) throw invalid(typeName, checker.issues);
  }

  return {
    typeName,
    write(headers) {
      const written = write(shape, headers);
      const values = isRecord(written) ? written : {};
      const picked: Record<string, unknown> = {};
      const texts = copyHeaders();
      for (const [name, isJson] of described) {
        if (Object.hasOwn(values, name) && values[name] !== undefined) {
          const value = values[name];
          setOwn(picked, name, value);
          texts[name] = !isJson && typeof value === "string" ? value : JSON.stringify(value);
        }
      }
      check(picked);
      for (const [name, value] of Object.entries(values)) {
        if (!names.has(name) && typeof value === "string") texts[name] = value;
      }
      return texts;
    },
    read(headers) {
      const values: Record<string, unknown> = {};
      for (const [name, isJson] of described) {
        const found = textOf(headers, name);
        if (found !== undefined) setOwn(values, name, isJson ? parsed(found) : found);
      }
      check(values);
      // sound: the check demands an object
      return read(shape, values) as object;
    },
  };
}

/** Some servers change the case of names: HTTP bridges, for one. */
function textOf(headers: Readonly<Record<string, string>>, name: string): string | undefined {
  if (Object.hasOwn(headers, name)) return headers[name];
  const lower = name.toLowerCase();
  const found = Object.keys(headers).find((key) => key.toLowerCase() === lower);
  return found === undefined ? undefined : headers[found];
}

/** What is no JSON stays text; the check says what it should have been. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
