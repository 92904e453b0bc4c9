import { protosBelow } from "../../support/corpus.js";
import { compareWithImage } from "../../support/descriptor-set/compare.js";
import { buildImage } from "../../support/descriptor-set/image.js";

/** How many of a failure's lines are printed. */
const shown = 20;

/** Compares all protos of a folder; what differs is printed, at most a few lines of each file. */
export async function compareFolder(
  folder: string,
): Promise<{ readonly passed: number; readonly failed: readonly string[]; readonly known: readonly string[] }> {
  const paths = protosBelow(folder);
  const { differences, diagnostics, facts } = compareWithImage(await buildImage(folder), folder, paths);
  for (const { code, origin, message } of diagnostics.slice(0, shown)) {
    console.error(`${code} ${origin?.file}:${origin?.line}:${origin?.column} ${message}`);
  }
  for (const { path, lines } of differences) console.error([path, ...lines.slice(0, shown)].join("\n  "));
  console.info(`${paths.length} files, ${facts} facts, ${diagnostics.length} diagnostics`);
  const silent = diagnostics.length === 0 ? [] : ["no diagnostic"];
  const failed = [...differences.map(({ path }) => path), ...silent];
  return { passed: paths.length - differences.length, failed, known: [] };
}
