import { readFileSync } from "node:fs";

let known: string | undefined;

/** The version of wirespan, from its manifest. */
export function toolVersion(): string {
  if (known === undefined) {
    const manifest: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
    const found = typeof manifest === "object" && manifest !== null && "version" in manifest ? manifest.version : "";
    known = String(found);
  }
  return known;
}
