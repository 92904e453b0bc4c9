// Writes the lines of src/runtime/wire/ascii.ts: one per length, up to that of a UUID. The text around them is kept.
import { readFile, writeFile } from "node:fs/promises";

const longest = 36;
const target = new URL("../src/runtime/wire/ascii.ts", import.meta.url);

const lines = Array.from({ length: longest }, (_, i) => {
  const load = `const c${i} = b[p${i === 0 ? "" : ` + ${i}`}]!; all |= c${i};`;
  const codes = Array.from({ length: i + 1 }, (_, k) => `c${k}`).join(", ");
  return `  ${load} if (length === ${i + 1}) return all < 128 ? text(${codes}) : decode(b, p, end);\n`;
});

const before = await readFile(target, "utf8");
const after = before.replace(/( {2}let all = 0;\n)( {2}const c\d+ .*\n)*/, (_, first) => first + lines.join(""));
if (after !== before) await writeFile(target, after);
