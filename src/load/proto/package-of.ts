/**
 * The package a proto text declares, empty without one, by a scan that skips comments and strings and looks at nothing
 * else. Good enough to infer include roots from; a broken file answers what it seems to say.
 */
export function packageOf(text: string): string {
  const token = /\/\/[^\n]*|\/\*[^]*?(?:\*\/|$)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?|[{}]|\bpackage\b/g;
  let depth = 0;
  for (let found = token.exec(text); found !== null; found = token.exec(text)) {
    if (found[0] === "{") depth++;
    else if (found[0] === "}") depth--;
    else if (found[0] === "package" && depth === 0) {
      const rest = text.slice(token.lastIndex, token.lastIndex + 1000).replace(/\/\*[^]*?\*\/|\/\/[^\n]*/g, " ");
      const name = /^\s*([A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*)\s*;/.exec(rest)?.[1];
      if (name !== undefined) return name.replace(/\s+/g, "");
    }
  }
  return "";
}
