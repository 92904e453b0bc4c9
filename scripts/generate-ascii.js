// Writes the table of src/runtime/wire/ascii.ts: one case per length of at most 40 bytes. The text around the table is kept.
import { readFile, writeFile } from "node:fs/promises";

const longest = 40;
const target = new URL("../src/runtime/wire/ascii.ts", import.meta.url);

const cases = Array.from({ length: longest }, (_, index) => {
  const locals = Array.from({ length: index + 1 }, (_, i) => `c${i}`);
  const loads = locals.map((local, i) => `${local} = b[p${i === 0 ? "" : ` + ${i}`}]!`).join(", ");
  const test = `(${locals.join(" | ")}) < 128`;
  return `    case ${index + 1}: { const ${loads}; if (${test}) return text(${locals.join(", ")}); break; }\n`;
});

const before = await readFile(target, "utf8");
const after = before.replace(/( {4}case 0: return "";\n)( {4}case .*\n)*/, (_, first) => first + cases.join(""));
if (after !== before) await writeFile(target, after);
