import type { EventMessage, EventsFile } from "../../model/index.js";
import type { Scope } from "../../plan/index.js";
import type { EmitContext } from "../generator.js";
import { jsonLiteral, type Literal } from "../shared/schema-literal.js";
import type { TypeForm } from "../shared/schema-types.js";
import { keyExpression } from "./key.js";
import { contentTypeOf } from "./message-names.js";
import { symbolKey } from "./names.js";
import { planEvents } from "./plan.js";
import { typeNames } from "./schema-views.js";

/** What emitted code says of the payloads of a file's messages; without a message, of bytes. */
export interface PayloadViews {
  readonly payloadType: (message: EventMessage | undefined, form: TypeForm) => string;
  readonly payloadValue: (message: EventMessage | undefined) => string;
  readonly contentType: (message: EventMessage | undefined) => string;
  /** An expression of the contract in terms of what programs see of that message. */
  readonly located: (expression: string | undefined, message: EventMessage | undefined) => Literal | undefined;
}

/** Asking for a payload imports its names. */
export function viewPayloads(file: EventsFile, scope: Scope, context: EmitContext): PayloadViews {
  const plan = planEvents(file);
  const types = typeNames(file, scope, context.symbols);

  function payloadType(message: EventMessage | undefined, form: TypeForm): string {
    const payload = message === undefined ? undefined : plan.payloadOf(message);
    switch (payload?.kind) {
      case "proto":
        return types.message(payload.typeName, form);
      case "json":
      case "avro":
      case "text":
        return types.schema(payload.key, form);
      default:
        return scope.global("Uint8Array");
    }
  }

  function payloadValue(message: EventMessage | undefined): string {
    const payload = message === undefined ? undefined : plan.payloadOf(message);
    switch (payload?.kind) {
      case "proto":
        return protoPayload(payload.typeName);
      case "json":
      case "avro":
      case "text":
        return scope.value(symbolKey("schema", file, payload.key));
      default:
        return scope.runtime("queue", "bytesPayload");
    }
  }

  /** A message with rules is checked as what a schema describes is: when it is read, and before it is written. */
  function protoPayload(typeName: string): string {
    const codec = scope.value(`message:${typeName}`);
    const validate = `validate:${typeName}`;
    if (!context.symbols.has(validate)) return codec;
    return `${scope.runtime("queue", "checkedPayload")}(${codec}, ${scope.value(validate)})`;
  }

  function located(expression: string | undefined, message: EventMessage | undefined): Literal | undefined {
    if (expression === undefined || message === undefined) return undefined;
    const payload = plan.payloadOf(message);
    const proto = payload.kind === "proto" ? payload.typeName : undefined;
    return jsonLiteral(keyExpression(context.model, expression, proto));
  }

  return {
    payloadType,
    payloadValue,
    located,
    contentType: (message) => contentTypeOf(message && plan.payloadOf(message).kind, message),
  };
}
