// The committed copy of the official suite: groups of cases by file, and what its remote references find.
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("suite/", import.meta.url));

const read = (path) => JSON.parse(readFileSync(`${folder}${path}`, "utf8"));
const list = (path) =>
  readdirSync(`${folder}${path}`)
    .filter((name) => name.endsWith(".json"))
    .toSorted();

/** The groups below a folder of the suite (`""`, `optional/`, `optional/format/`), each with a name of its own. */
export function groupsOf(path) {
  return list(path).flatMap((file) =>
    read(path + file).map(({ description, schema, tests }) => ({
      name: `${path}${file.slice(0, -".json".length)}: ${description}`,
      schema,
      tests,
    })),
  );
}

/** Documents by the URLs that the suite's schemas have for them. */
export function remotes() {
  const found = {
    "http://json-schema.org/draft-07/schema": createRequire(import.meta.url)("ajv/dist/refs/json-schema-draft-07.json"),
  };
  for (const below of readdirSync(`${folder}remotes`, { recursive: true })) {
    const path = below.replaceAll("\\", "/");
    if (path.endsWith(".json")) found[`http://localhost:1234/${path}`] = read(`remotes/${path}`);
  }
  return found;
}
