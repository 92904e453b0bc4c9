import { hasChecks, type LeftOut, type Method, type Model, type PolicySource, type Service } from "../model/index.js";
import {
  clientLayersFor,
  clientOrder,
  flattenPolicy,
  policyPaths,
  ruleOf,
  serverLayersFor,
  serverOrder,
  type PolicyPath,
} from "../runtime/policy/index.js";
import type { Explanation, Fact } from "./explanation.js";
import { durationText } from "./texts.js";

/** What is in force for a method: how it looks, its policy value by value, and the layers that keep it. */
export function explainMethod(service: Service, method: Method, model: Pick<Model, "messages">): Explanation {
  const { origin } = method;
  const facts: readonly Fact[] = [
    { label: "path", value: method.path, origin },
    { label: "kind", value: method.kind.replace("_", " "), origin },
    { label: "request", value: method.input, origin },
    { label: "response", value: method.output, origin },
    { label: "service", value: service.typeName, origin: service.origin },
    idempotencyFact(method),
    ...(method.deprecated ? [{ label: "deprecated", value: "yes", origin }] : []),
    ...routeFacts(method),
    ...policyFacts(method),
    ...chainFacts(method, model),
  ];
  return { kind: "method", name: method.typeName, description: method.comments.leading.trim(), origin, facts };
}

function idempotencyFact({ idempotency, origin, policy }: Method): Fact {
  const key = policy.sources.get("idempotencyKey")?.origin;
  switch (idempotency) {
    case "unknown":
      return key === undefined
        ? { label: "idempotent", value: "not said", origin: undefined }
        : { label: "idempotent", value: "yes, by its idempotency key", origin: key };
    case "idempotent":
      return { label: "idempotent", value: "yes", origin };
    case "no_side_effects":
      return { label: "idempotent", value: "yes, without side effects", origin };
  }
}

function routeFacts({ routes, policy }: Method): readonly Fact[] {
  if (routes.length === 0) return [];
  const from = (path: "httpStatus" | "httpLocation"): Pick<Fact, "origin" | "level"> =>
    policy.sources.get(path) ?? { origin: undefined };
  return [
    ...routes.map((route, i): Fact => {
      const body = route.body === undefined ? "" : `, body ${route.body === "*" ? "the whole request" : route.body}`;
      const response = route.responseBody === undefined ? "" : `, response ${route.responseBody}`;
      return {
        label: i === 0 ? "route" : `route ${i + 1}`,
        value: `${route.verb} ${route.path.source}${body}${response}`,
        origin: route.origin,
      };
    }),
    { label: "HTTP status", value: String(policy.httpStatus ?? 200), ...from("httpStatus") },
    { label: "Location", value: policy.httpLocation ?? "none", ...from("httpLocation") },
  ];
}

/** Parts of a policy with what holds when nobody states them. */
const silent: readonly (readonly [part: string, label: string, value: (method: Method) => string])[] = [
  ["timeoutMs", "timeout", () => "none of its own: the caller's deadline holds"],
  ["retry", "retry", (method) => (mayRepeat(method) ? "what the client's chain says" : "none: it is not idempotent")],
  ["hedge", "hedge", () => "none"],
  ["limit", "limit", () => "none"],
  ["auth", "auth", () => "what the server's chain says"],
  [
    "idempotencyKey",
    "idempotency key",
    ({ kind, idempotency }) => {
      if (kind !== "unary") return "none: it streams";
      return idempotency === "no_side_effects"
        ? "none: it is without side effects"
        : "what the caller sends, if it does";
    },
  ],
  ["cache", "cache", () => "none"],
  ["breaker", "breaker", () => "what the client's chain says"],
];

/** Every value with its source; a part that nobody states in one line. */
function policyFacts(method: Method): readonly Fact[] {
  const values = flattenPolicy(method.policy);
  return silent.flatMap(([part, label, fallback]) => {
    const paths = policyPaths.filter((path) => (path === part || path.startsWith(`${part}.`)) && values.has(path));
    const left = method.policy.leftOut.get(part);
    const leftOut = left === undefined ? [] : [leftOutFact(label, left)];
    if (paths.length > 0) return [...paths.map((path) => valueFact(method, path, label, values.get(path))), ...leftOut];
    // who left it out says why there is none
    return left === undefined ? [{ label, value: fallback(method), origin: undefined }] : leftOut;
  });
}

function valueFact({ policy }: Method, path: PolicyPath, part: string, value: unknown): Fact {
  const source = policy.sources.get(path);
  const [, key] = path.split(".");
  const label = key === undefined ? part : `${part} ${inWords(key)}`;
  return { label, value: valueText(path, value), ...sourceOf(source) };
}

function sourceOf(source: PolicySource | undefined): Pick<Fact, "origin" | "level"> {
  return source === undefined ? { origin: undefined, level: "built in" } : source;
}

function leftOutFact(label: string, { level, origin, reason }: LeftOut): Fact {
  const why = reason === "without" ? "the method goes without" : "not for a method of this kind";
  return { label, value: `none: ${why}`, origin, level };
}

function mayRepeat({ idempotency, kind, policy }: Method): boolean {
  return idempotency !== "unknown" || (kind === "unary" && policy.idempotencyKey !== undefined);
}

/** `attemptTimeoutMs` → `attempt timeout`. */
function inWords(key: string): string {
  return key.replace(/Ms$/, "").replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function valueText(path: PolicyPath, value: unknown): string {
  if (ruleOf(path).kind === "duration" && typeof value === "number") return durationText(value);
  if (Array.isArray(value)) return value.join(", ");
  if (typeof value === "object" && value !== null && "claim" in value) return `claim ${String(value.claim)}`;
  switch (path) {
    case "retry.backoffMultiplier":
      return `×${String(value)}`;
    case "limit.rate":
      return `${String(value)} a second`;
    default:
      return String(value);
  }
}

/**
 * The default order, from the outside in; in parentheses what the contract does not call for: it is there where a program
 * gives it.
 */
function chainFacts({ policy, input }: Method, model: Pick<Model, "messages">): readonly Fact[] {
  const values = flattenPolicy(policy);
  const server = new Set<string>(serverLayersFor(values)).add("recovery");
  const client = new Set<string>(clientLayersFor(values));
  if (server.has("auth")) client.add("auth");
  if (hasChecks(model, input)) for (const side of [server, client]) side.add("validation");
  const show = (order: readonly string[], called: ReadonlySet<string>): string =>
    order.map((name) => (called.has(name) ? name : `(${name})`)).join(" → ");
  return [
    { label: "server chain", value: show(serverOrder, server), origin: undefined, level: "built in" },
    { label: "client chain", value: show(clientOrder, client), origin: undefined, level: "built in" },
  ];
}
