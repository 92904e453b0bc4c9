import { jsonName } from "../wire/json-name.js";
import type { PathPart } from "./route.js";

/** Templates come from emitted code, so there are only so many. */
const known: Map<string, readonly PathPart[]> = /* @__PURE__ */ new Map();

/** Texts and variables of a path in turns. The compiler has checked the template: literals hold none of `/:{}*`. */
export function pathParts(path: string | readonly PathPart[]): readonly PathPart[] {
  if (typeof path !== "string") return path;
  let parts = known.get(path);
  if (parts === undefined) known.set(path, (parts = parseTemplate(path)));
  return parts;
}

function parseTemplate(template: string): readonly PathPart[] {
  return template.split(/\{([^}]*)\}/).map((part, i) => {
    // a `**` outside of variables may stand for no segment at all
    if (i % 2 === 0) return part.replace("/**", "");
    const [name = "", pattern = "*"] = part.split("=");
    return { json: name.split(".").map(jsonName), pattern: pattern.split("/") };
  });
}
