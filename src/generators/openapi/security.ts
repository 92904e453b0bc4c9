import type { Method, Service } from "../../model/index.js";
import type { DataObject } from "../shared/json-schema.js";

/** Name of the security scheme: what the runtime's `auth` layer takes. */
const scheme = "bearer";

/** A failure that a method's policy leads to. */
export interface PolicyFailure {
  readonly status: string;
  readonly description: string;
  readonly headers?: DataObject | undefined;
}

/**
 * What a caller has to show: a token, whose scopes are the roles that OpenAPI 3.1 lets a requirement name. Undefined:
 * the contract is silent, and the document's own `security` holds.
 */
export function securityOf({ policy: { auth } }: Method): readonly DataObject[] | undefined {
  if (auth?.public === true) return [];
  return needsToken(auth) ? [{ [scheme]: auth?.scopes ?? [] }] : undefined;
}

/** The failures that every caller of a method has to reckon with. */
export function policyFailures({ policy: { auth, limit } }: Method): readonly PolicyFailure[] {
  const failures: PolicyFailure[] = [];
  if (needsToken(auth)) failures.push({ status: "401", description: "No valid credentials." });
  const scopes = auth?.scopes ?? [];
  if (scopes.length > 0) {
    const list = scopes.map((scope) => `\`${scope}\``).join(", ");
    failures.push({ status: "403", description: `The caller lacks a scope: ${list}.` });
  }
  if (limit !== undefined) {
    const headers = {
      "Retry-After": { description: "Seconds to wait, where they are known.", schema: { type: "integer" } },
    };
    failures.push({ status: "429", description: "Too many calls.", headers });
  }
  return failures;
}

/** The schemes that operations refer to; undefined where none does. */
export function securitySchemes(services: readonly Service[]): DataObject | undefined {
  const methods = services.flatMap((service) => service.methods).filter(({ routes }) => routes.length > 0);
  if (!methods.some(({ policy }) => needsToken(policy.auth))) return undefined;
  const used = new Set(methods.flatMap(({ policy }) => policy.auth?.scopes ?? []));
  const known = new Map(services.flatMap(({ scopes }) => scopes).map((scope) => [scope.name, scope.description]));
  const lines = [...used].map((name) => {
    const description = known.get(name) ?? "";
    return description === "" ? `- \`${name}\`` : `- \`${name}\`: ${description}`;
  });
  const description = lines.length === 0 ? "A token." : `A token. Scopes:\n\n${lines.join("\n")}`;
  return { [scheme]: { type: "http", scheme: "bearer", description } };
}

function needsToken(auth: Method["policy"]["auth"]): boolean {
  return auth !== undefined && auth.public !== true;
}
