import type { Bindings, SecurityScheme } from "../../model/index.js";
import type { FactView } from "./field-view.js";
import { concat, escapeHtml, markup } from "./html.js";

/** What a protocol is told beside the address, one fact a protocol. */
export function bindingFacts(bindings: Bindings): readonly FactView[] {
  return [...bindings].map(([protocol, value]) => ({
    label: escapeHtml(protocol.startsWith("x-") ? protocol : `${protocol} binding`),
    value: markup`<code>${escapeHtml(JSON.stringify(value))}</code>`,
  }));
}

/** Who is let in: any one of the schemes is enough. */
export function securityFacts(security: readonly SecurityScheme[]): readonly FactView[] {
  if (security.length === 0) return [];
  const schemes = security.map(({ name, type, scopes }) => {
    const shown = name === type || type === "" ? name : `${name} (${type})`;
    return escapeHtml(scopes.length === 0 ? shown : `${shown}: ${scopes.join(", ")}`);
  });
  return [{ label: escapeHtml("Security"), value: concat(schemes, markup` or `) }];
}
