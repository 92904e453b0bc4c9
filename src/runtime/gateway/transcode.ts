import type { MessageType } from "../wire/index.js";
import { type JsonFields, isFields, nestedFields, setField } from "./json.js";
import type { JsonOptions, JsonValue } from "../wire/index.js";
import type { ResolvedRoute } from "./template.js";
import { createQueryReader, parameterValue } from "./query.js";
import { invalid } from "./errors.js";
import { isWireError } from "../wire/index.js";
import { variableValue } from "./target.js";

/** The parts of a request that its message is made from. */
export interface RequestParts {
  /** The matched segments of the path, percent-encoded. */
  readonly segments: readonly string[];
  /** Without the question mark. */
  readonly query: string;
  /** The body's text; undefined when there was none. */
  readonly text: string | undefined;
  /** The body as `google.api.HttpBody` where the route wants it so. */
  readonly raw: JsonValue | undefined;
  /** A message of which more is to come: required fields may be missing. */
  readonly partial?: true;
}

export interface TranscodeOptions {
  readonly json: JsonOptions;
  readonly ignoreUnknownQuery: boolean;
}

/** Makes the request message of a route. @throws {HttpError} when the request does not fit the contract. */
export type RequestReader = (parts: RequestParts) => unknown;

/** Prepares what a route needs to read requests. */
export function createRequestReader(
  route: ResolvedRoute,
  input: MessageType<unknown, never>,
  { json, ignoreUnknownQuery }: TranscodeOptions,
): RequestReader {
  const readQuery = createQueryReader(route);
  const whole = route.body?.name === "*";
  const bare = whole && route.body?.raw !== true && route.variables.length === 0;

  return ({ segments, query, text, raw, partial }) => {
    try {
      if (bare && query === "" && text !== undefined) return input.fromJsonString(text, json);
      return input.fromJson(assemble(segments, query, text, raw), json);
    } catch (error) {
      if (partial && isWireError(error) && error.code === "missing_required") return undefined;
      if (isWireError(error)) throw invalid(error.message, error.path);
      if (error instanceof URIError) throw invalid("malformed percent-encoding in the URL");
      if (error instanceof SyntaxError) throw invalid("the body is not valid JSON");
      throw error;
    }
  };

  function assemble(
    segments: readonly string[],
    query: string,
    text: string | undefined,
    raw: JsonValue | undefined,
  ): JsonValue {
    const body = raw ?? (text === undefined ? undefined : (JSON.parse(text) as JsonValue));
    let fields: JsonFields = {};
    if (whole && body !== undefined) {
      if (!isFields(body)) {
        if (query === "" && route.variables.length === 0) return body;
        throw invalid("the body must be a JSON object");
      }
      fields = body;
    } else if (route.body !== undefined && body !== undefined) {
      setField(fields, route.body.json, body);
    }
    if (query !== "") readQuery(query, fields, ignoreUnknownQuery);
    for (const variable of route.variables) {
      const names = variable.field;
      const parent = nestedFields(fields, names.slice(0, -1), variable.json.slice(0, -1));
      const name = names.at(-1) ?? "";
      const key = variable.json.at(-1) ?? name;
      const single = variable.end - variable.start === 1 && route.segments[variable.start] !== "**";
      const end = endOf(variable.end, segments.length, route.segments);
      const value = variableValue(
        segments.slice(startOf(variable.start, segments.length, route.segments), end),
        single,
      );
      // the path wins over the body, whichever name that used
      if (name !== key) delete parent[name];
      setField(parent, key, parameterValue(variable.kind, value, names.join(".")));
    }
    return fields;
  }
}

/** Positions behind a `**` count from the end of the path, because it takes any number of segments. */
function startOf(start: number, length: number, pattern: readonly string[]): number {
  const rest = pattern.indexOf("**");
  return rest >= 0 && start > rest ? length - (pattern.length - start) : start;
}

function endOf(end: number, length: number, pattern: readonly string[]): number {
  const rest = pattern.indexOf("**");
  return rest >= 0 && end > rest ? length - (pattern.length - end) : end;
}
