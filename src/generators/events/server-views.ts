import type { EventServer, EventsFile } from "../../model/index.js";
import type { Scope } from "../../plan/index.js";
import { docComment } from "../shared/print.js";
import { jsonLiteral, list, object, printEntry, type Literal } from "../shared/schema-literal.js";
import { bindingsLiteral } from "./consumer.js";
import { symbolKey } from "./names.js";

/** The servers of a document as data: what a program needs to connect, but for secrets. */
export function viewServers(file: EventsFile, scope: Scope): readonly string[] {
  return file.servers.map((server) => {
    const head = `export const ${scope.value(symbolKey("server", file, server.id))}`;
    const literal = serverLiteral(server);
    const entries = literal.kind === "object" ? literal.entries : [];
    const lines = entries.map(([name, value]) => `  ${printEntry(name, ":", value, ",", 2)}\n`).join("");
    const doc = docComment(server.description || `The server ${server.id}.`);
    return `${doc}${head}: ${scope.runtimeType("queue", "ServerInfo")} = {\n${lines}};`;
  });
}

function serverLiteral({ id, host, pathname, protocol, protocolVersion, ...server }: EventServer): Literal {
  const { variables, security, bindings } = server;
  return object([
    ["id", jsonLiteral(id)],
    ["host", jsonLiteral(host)],
    ["pathname", pathname === "" ? undefined : jsonLiteral(pathname)],
    ["protocol", jsonLiteral(protocol)],
    ["protocolVersion", protocolVersion === "" ? undefined : jsonLiteral(protocolVersion)],
    [
      "variables",
      variables.length === 0
        ? undefined
        : list(
            variables.map(({ name, values, default: fallback }) =>
              object([
                ["name", jsonLiteral(name)],
                ["values", values.length === 0 ? undefined : list(values.map(jsonLiteral))],
                ["default", fallback === undefined ? undefined : jsonLiteral(fallback)],
              ]),
            ),
          ),
    ],
    ["bindings", bindingsLiteral(bindings)],
    [
      "security",
      security.length === 0
        ? undefined
        : list(
            security.map(({ name, type, scopes }) =>
              object([
                ["name", jsonLiteral(name)],
                ["type", jsonLiteral(type)],
                ["scopes", scopes.length === 0 ? undefined : list(scopes.map(jsonLiteral))],
              ]),
            ),
          ),
    ],
  ]);
}
