import { diagnostic, nearest } from "../../diagnostics/index.js";
import type { Field, Message, Method, OptionMessage, OptionValue, Origin, Route } from "../../model/index.js";
import type { LinkContext } from "./context.js";
import { parsePathTemplate } from "./path-template.js";

const verbs: readonly string[] = ["get", "put", "post", "delete", "patch"];

/** Messages that are one string or number in JSON, so that a path segment can hold them. */
const scalarLike: ReadonlySet<string> = new Set(
  "Timestamp Duration FieldMask DoubleValue FloatValue Int64Value UInt64Value Int32Value UInt32Value BoolValue StringValue BytesValue"
    .split(" ")
    .map((name) => `google.protobuf.${name}`),
);

type Draft = Pick<Method, "options" | "input" | "output" | "origin" | "name">;

/** The HTTP bindings of a method: `google.api.http`, then its `additional_bindings` in order. */
export function readRoutes(context: LinkContext, method: Draft): readonly Route[] {
  const rule = method.options.get("[google.api.http]");
  if (!isMessage(rule)) return [];
  const fallback = context.options.originOf(method.options, "[google.api.http]") ?? method.origin;
  const rules = [{ rule, origin: fallback }];
  const additional = rule.get("additional_bindings");
  for (const [i, inner] of (Array.isArray(additional) ? additional : []).entries()) {
    if (!isMessage(inner)) continue;
    const origin = context.options.originOf(rule, "additional_bindings", i) ?? fallback;
    if (inner.has("additional_bindings")) {
      const at = context.options.originOf(inner, "additional_bindings") ?? origin;
      context.report(diagnostic("E2054", at, undefined));
    }
    rules.push({ rule: inner, origin });
  }
  return rules.flatMap(({ rule, origin }) => readRule(context, method, rule, origin) ?? []);
}

function readRule(context: LinkContext, method: Draft, rule: OptionMessage, fallback: Origin): Route | undefined {
  const { report, messages } = context;
  const pattern = readPattern(context, rule, fallback);
  if (pattern === undefined) {
    report(diagnostic("E2055", fallback, { method: method.name }));
    return undefined;
  }
  const { verb, path, origin } = pattern;
  const parsed = parsePathTemplate(path);
  if ("problem" in parsed) {
    report(diagnostic("E2050", inside(origin, path, parsed.offset), { template: path, problem: parsed.problem }));
    return undefined;
  }
  const input = messages.get(method.input);
  const output = messages.get(method.output);
  if (input === undefined || output === undefined) return undefined;
  for (const { field } of parsed.template.variables) checkVariable(context, field, input, path, origin);

  const body = text(rule.get("body"));
  const bodyOrigin = context.options.originOf(rule, "body") ?? origin;
  if (body !== undefined && body !== "*") checkBody(context, "body", body, input, bodyOrigin);
  if (body !== undefined && (verb === "GET" || verb === "DELETE")) report(diagnostic("E2057", bodyOrigin, { verb }));
  const responseBody = text(rule.get("response_body"));
  if (responseBody !== undefined) {
    const at = context.options.originOf(rule, "response_body") ?? origin;
    checkBody(context, "response_body", responseBody, output, at);
  }
  return { verb, path: parsed.template, body, responseBody, origin };
}

function readPattern(
  { options }: LinkContext,
  rule: OptionMessage,
  fallback: Origin,
): { readonly verb: string; readonly path: string; readonly origin: Origin } | undefined {
  for (const verb of verbs) {
    const path = rule.get(verb);
    if (typeof path !== "string") continue;
    return { verb: verb.toUpperCase(), path, origin: options.originOf(rule, verb) ?? fallback };
  }
  const custom = rule.get("custom");
  if (!isMessage(custom)) return undefined;
  const kind = custom.get("kind");
  const path = custom.get("path");
  if (typeof kind !== "string" || typeof path !== "string" || kind === "") return undefined;
  return { verb: kind.toUpperCase(), path, origin: options.originOf(custom, "path") ?? fallback };
}

/** Every part but the last is a message; the last is something a path segment can hold. */
function checkVariable(
  context: LinkContext,
  path: readonly string[],
  input: Message,
  template: string,
  origin: Origin,
): void {
  const { report, messages } = context;
  const name = path.join(".");
  const offset = Math.max(template.indexOf(`{${name}}`), template.indexOf(`{${name}=`)) + 1;
  const at = inside(origin, template, offset, name.length);
  let message: Message | undefined = input;
  for (const [i, part] of path.entries()) {
    const field: Field | undefined = message?.fields.find((field) => field.name === part);
    if (message === undefined || field === undefined) {
      if (message !== undefined && wasDropped(context, message, part)) return;
      const on = message?.typeName ?? input.typeName;
      const close = nearest(part, message?.fields.map((field) => field.name) ?? []);
      report(diagnostic("E2051", at, { what: "path", field: part, on, nearest: close }));
      return;
    }
    const type: Field["type"] = field.type;
    const last = i === path.length - 1;
    const problem = field.repeated
      ? "is repeated"
      : type.kind === "map"
        ? "is a map"
        : last && type.kind === "message" && !scalarLike.has(type.typeName)
          ? `is a message (${type.typeName})`
          : !last && type.kind !== "message"
            ? "has no fields"
            : undefined;
    if (problem !== undefined) {
      report(diagnostic("E2052", at, { field: path.slice(0, i + 1).join("."), problem }));
      return;
    }
    message = type.kind === "message" ? messages.get(type.typeName) : undefined;
  }
}

function checkBody(
  context: LinkContext,
  what: "body" | "response_body",
  name: string,
  message: Message,
  origin: Origin,
): void {
  if (message.fields.some((field) => field.name === name) || wasDropped(context, message, name)) return;
  const { report } = context;
  const first = name.split(".")[0];
  if (name.includes(".") && message.fields.some((field) => field.name === first)) {
    report(diagnostic("E2058", origin, { what, name }));
    return;
  }
  const names = message.fields.map((field) => field.name);
  report(diagnostic("E2051", origin, { what, field: name, on: message.typeName, nearest: nearest(name, names) }));
}

/** True for a field whose type is unknown: it was reported, the route is not to blame. */
function wasDropped({ resolver }: LinkContext, message: Message, name: string): boolean {
  const symbol = resolver.symbol(message.typeName);
  return symbol?.kind === "message" && symbol.node.fields.some((field) => field.name === name);
}

/** A place inside of a string literal, where it stands on one line without escapes. */
function inside(origin: Origin, text: string, offset: number, length = 1): Origin {
  if (origin.length !== text.length + 2) return origin;
  return { ...origin, column: origin.column + 1 + Math.min(offset, text.length - 1), length };
}

function text(value: OptionValue | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** True for a message value. */
export function isMessage(value: OptionValue | undefined): value is OptionMessage {
  return value instanceof Map;
}
