import type { Channel, EventMessage, EventsFile, Schema } from "../../model/index.js";
import type { Scope } from "../../plan/index.js";
import type { EmitContext } from "../generator.js";
import { printTyped } from "../shared/expressions.js";
import { docComment, stringLiteral } from "../shared/print.js";
import { jsonLiteral, list, object, text, type Literal } from "../shared/schema-literal.js";
import type { TypeForm } from "../shared/schema-types.js";
import { symbolKey } from "./names.js";
import { headerProperties, planEvents } from "./plan.js";
import { typeNames } from "./schema-views.js";

/** The headers of a channel's messages in emitted code. */
export interface HeadersView {
  /** Their type; undefined where the contract describes none. */
  type(form: TypeForm): string | undefined;
  /** True when nothing can be sent without them. */
  readonly required: boolean;
  /** Declarations of the types of headers, where several messages differ in them. */
  readonly declarations: readonly string[];
  /** The codec of one message's headers. */
  literal(message: EventMessage): Literal | undefined;
}

/** What the contract says about the headers of a channel's messages. */
export function viewHeaders(
  file: EventsFile,
  { id, messages }: Channel,
  scope: Scope,
  context: EmitContext,
): HeadersView {
  const plan = planEvents(file);
  const described = messages.filter((message) => plan.headersOf(message) !== undefined);
  const all = described.length > 0 && described.length === messages.length;

  function parts(form: TypeForm): readonly string[] {
    if (described.length === 0) return [];
    const types = typeNames(file, scope, context.symbols);
    const names = described.map((message) => types.schema(plan.headersOf(message) ?? "", form));
    // headers of messages that nobody describes are texts
    if (!all) names.push(`${scope.global("Readonly")}<${scope.global("Record")}<string, string>>`);
    return [...new Set(names)];
  }

  const whole = parts("whole");
  const init = parts("init");
  const symbol = (form: TypeForm): string =>
    scope.type(symbolKey(form === "whole" ? "headers" : "headersInit", file, id));
  const declare = (form: TypeForm): string => printTyped(`export type ${symbol(form)}`, parts(form), ";", 0, " =");
  const differ = init.join() !== whole.join();

  function type(form: TypeForm): string | undefined {
    const all = form === "whole" ? whole : init;
    if (all.length < 2) return all[0];
    return symbol(form === "init" && differ ? "init" : "whole");
  }

  const about = docComment(`The headers of a message of the channel ${id}.`);
  const declarations = [
    ...(whole.length > 1 ? [`${about}${declare("whole")}`] : []),
    ...(init.length > 1 && differ ? [declare("init")] : []),
  ];

  function literal(message: EventMessage): Literal | undefined {
    const key = plan.headersOf(message);
    if (key === undefined) return undefined;
    const properties = [...headerProperties(plan.resolve(key), plan.resolve)];
    const named = (wanted: boolean): Literal | undefined => {
      const names = properties.filter(([, schema]) => isText(schema, plan.resolve) === wanted).map(([name]) => name);
      return names.length === 0 ? undefined : list(names.map(jsonLiteral));
    };
    const name = stringLiteral(plan.authorName(key));
    const shape = scope.value(symbolKey("shape", file, key));
    return {
      kind: "call",
      callee: `/* @__PURE__ */ ${scope.runtime("queue", "headersType")}`,
      argument: object([
        ["typeName", text(name)],
        ["shape", text(shape)],
        ["text", named(true)],
        ["json", named(false)],
      ]),
    };
  }

  return { type, declarations, required: all && described.every((message) => isRequired(message, plan)), literal };
}

/** References and alternatives that one header may go through. */
const deepest = 50;

/** True for a header that is its own text; others travel as JSON. */
function isText(schema: Schema, resolve: (key: string) => Schema, depth = 0): boolean {
  if (depth > deepest) return true;
  switch (schema.kind) {
    case "string":
    case "any":
      return true;
    case "enum":
      return schema.values.some((value) => typeof value === "string");
    case "ref":
      return isText(resolve(schema.key), resolve, depth + 1);
    case "union":
      return schema.members.some((member) => isText(member, resolve, depth + 1));
    case "intersection":
      return schema.members.every((member) => isText(member, resolve, depth + 1));
    default:
      return false;
  }
}

function isRequired(message: EventMessage, plan: ReturnType<typeof planEvents>): boolean {
  const key = plan.headersOf(message);
  // the runtime sets the correlation id where the contract has it among the headers
  const own = /^\$message\.header#\/([^/]+)$/.exec(message.correlationId ?? "")?.[1];
  return key !== undefined && requiredIn(plan.resolve(key), plan.resolve, 0).some((name) => name !== own);
}

function requiredIn(schema: Schema, resolve: (key: string) => Schema, depth: number): readonly string[] {
  if (depth > deepest) return [];
  switch (schema.kind) {
    case "object":
      return schema.properties.filter(({ required }) => required).map(({ name }) => name);
    case "ref":
      return requiredIn(resolve(schema.key), resolve, depth + 1);
    case "intersection":
      return schema.members.flatMap((member) => requiredIn(member, resolve, depth + 1));
    default:
      return [];
  }
}
