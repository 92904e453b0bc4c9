import { Code } from "../rpc/index.js";
import { HttpError } from "./errors.js";
import type { GatewayResponse } from "./gateway.js";

/** Texts served as they are, by path: `{ "/docs": html, "/openapi.yaml": text }`. */
export type Documents = Readonly<Record<string, string>>;

const types: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  json: "application/json",
  yaml: "application/yaml",
  yml: "application/yaml",
  txt: "text/plain; charset=utf-8",
  md: "text/markdown; charset=utf-8",
  svg: "image/svg+xml",
};

/** Prepares the documents: a function that gives the response of a path, or undefined when it is none of them. */
export function createDocumentServer(
  documents: Documents,
): (verb: string, path: string) => GatewayResponse | undefined {
  const responses = new Map<string, GatewayResponse>();
  for (const [path, body] of Object.entries(documents)) {
    if (!path.startsWith("/")) throw new Error(`the path of a document must start with "/": ${path}`);
    const extension = /\.([a-z]+)$/.exec(path)?.[1] ?? "";
    const known = Object.hasOwn(types, extension) ? types[extension] : undefined;
    const sniffed = body.trimStart().startsWith("<") ? types["html"] : types["txt"];
    const type = known ?? sniffed ?? "text/plain";
    responses.set(path, { status: 200, headers: { "content-type": type, "x-content-type-options": "nosniff" }, body });
  }
  return (verb, path) => {
    const response = responses.get(path);
    if (response === undefined || verb === "GET" || verb === "HEAD") return response;
    throw new HttpError(405, Code.UNIMPLEMENTED, `${path} is a document`, { allow: "GET, HEAD" });
  };
}
