import type { JsonObject } from "../model/index.js";
import type { Origin } from "../model/index.js";
import type { Diagnostic } from "./diagnostic.js";
import { sortDiagnostics } from "./printer.js";
import { hideSecrets } from "./secrets.js";

/** Diagnostics as plain JSON: the entries `diagnostics` of `--report json` (schemas/report.schema.json). */
export function diagnosticsToJson(diagnostics: readonly Diagnostic[]): readonly JsonObject[] {
  return sortDiagnostics(diagnostics).map(({ code, severity, message, origin, pointer, help, related }) => ({
    code,
    severity,
    message,
    ...place(origin),
    ...(pointer === undefined ? {} : { pointer }),
    ...(help === undefined ? {} : { help }),
    related: related.map((other) => ({ message: other.message, ...place(other.origin) })),
  }));
}

function place(origin: Origin | undefined): JsonObject {
  if (origin === undefined) return {};
  const { file, line, column, length } = origin;
  return { file: hideSecrets(file), line, column, length };
}

/** Diagnostics as workflow commands, which GitHub Actions shows at the line of a pull request. */
export function diagnosticsToGithub(diagnostics: readonly Diagnostic[]): string {
  return sortDiagnostics(diagnostics)
    .map(({ code, severity, message, origin, help }) => {
      const properties =
        origin === undefined
          ? []
          : [
              `file=${escapeProperty(hideSecrets(origin.file))}`,
              `line=${origin.line}`,
              `col=${origin.column}`,
              `endColumn=${origin.column + origin.length}`,
            ];
      const text = help === undefined ? message : `${message}\nhelp: ${help}`;
      return `::${severity} ${[...properties, `title=${code}`].join(",")}::${escapeData(text)}\n`;
    })
    .join("");
}

/** Without this a contract could write commands of its own. */
function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
