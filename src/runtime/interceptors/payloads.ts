import { isUnaryInput, isUnaryOutput, type MethodInfo } from "../rpc/index.js";
import { toRedactedJson, type JsonValue, type MessageType } from "../wire/index.js";

/** How much of the messages of a call stands in its line. */
export interface PayloadOptions {
  /** Characters of JSON that one message may have; of a longer one only its length is told. 4,096 by default. */
  readonly maxLength?: number | undefined;
  /** Messages of a stream, from its beginning; all are counted. 10 by default. */
  readonly maxMessages?: number | undefined;
}

/** The messages of one call as they come by. */
export interface PayloadLog {
  request<T>(message: T): T;
  response<T>(message: T): T;
  /** What goes into the line. */
  fields(): Readonly<Record<string, unknown>>;
}

/** Keeps what a line shows of the messages of a call, without what the contract keeps out of logs. */
export function createPayloadLog(
  method: MethodInfo,
  { maxLength = 4_096, maxMessages = 10 }: PayloadOptions,
): PayloadLog {
  const side = (
    type: MessageType<unknown, never>,
  ): { readonly shown: JsonValue[]; count: number; take(m: unknown): void } => ({
    shown: [],
    count: 0,
    take(message) {
      this.count++;
      if (this.shown.length < maxMessages) this.shown.push(shownOf(type, message, maxLength));
    },
  });
  const requests = side(method.input);
  const responses = side(method.output);
  return {
    request(message) {
      requests.take(message);
      return message;
    },
    response(message) {
      responses.take(message);
      return message;
    },
    fields: () => ({
      ...(isUnaryInput(method.kind)
        ? { request: requests.shown[0] }
        : { requests: requests.shown, requestCount: requests.count }),
      ...(isUnaryOutput(method.kind)
        ? { response: responses.shown[0] }
        : { responses: responses.shown, responseCount: responses.count }),
    }),
  };
}

function shownOf(type: MessageType<unknown, never>, message: unknown, maxLength: number): JsonValue {
  try {
    // sound because a call has messages of its method's types; of what is none, `toJson` says so
    const json = toRedactedJson(type, message as never);
    const { length } = JSON.stringify(json);
    return length > maxLength ? `[${length} characters]` : json;
  } catch {
    // the reason would show the value
    return `[not a valid ${type.typeName}]`;
  }
}
