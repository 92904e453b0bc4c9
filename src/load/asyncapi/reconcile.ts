import type { Code, Diagnostic } from "../../diagnostics/index.js";
import { type AsyncApiDocument, entryOf, type JsonNode, refOf, stringOf } from "../../model/index.js";
import { withPointers } from "./pointers.js";

/** What the linker says of keys and values; the official parser says of them what its own schema has in their place. */
const sameFault: ReadonlySet<Code> = new Set<Code>(["E3020", "E3021", "E3022", "E3043"]);

const avroFaults: ReadonlySet<Code> = new Set<Code>(["E3042", "E3048"]);

/**
 * The linker's findings and the official parser's, each fault once. Where both speak of one key, or of one Avro schema,
 * the linker's stays, which names what was found; it is an error where the parser's is one. Of an Avro schema that only
 * the parser finds fault with, its innermost finding stays: the others tell of alternatives that do not fit either.
 */
export function reconcile(
  linked: readonly Diagnostic[],
  verdict: readonly Diagnostic[],
  documents: ReadonlyMap<string, AsyncApiDocument>,
): readonly Diagnostic[] {
  if (verdict.length === 0) return linked;
  const schemas = new Map([...documents.values()].map(({ source, root }) => [source.file, avroSchemas(root)]));
  const keyOf = ({ origin, pointer }: Diagnostic): string => `${origin?.file}#${pointer}`;
  const schemaOf = ({ origin, pointer }: Diagnostic): string | undefined => {
    if (origin === undefined || pointer === undefined) return undefined;
    const around = [...(schemas.get(origin.file) ?? [])].find(
      ([place]) => pointer === place || pointer.startsWith(`${place}/`),
    );
    return around && `${origin.file}#${around[1]}`;
  };

  const ours = withPointers(linked, documents);
  const places = new Set(ours.filter(({ code }) => sameFault.has(code)).map(keyOf));
  const faulty = new Set(ours.filter(({ code }) => avroFaults.has(code)).flatMap((found) => schemaOf(found) ?? []));
  const raised = new Set<string>();
  const theirs: Diagnostic[] = [];
  const innermost = new Map<string, Diagnostic>();
  for (const found of withPointers(verdict, documents)) {
    const schema = schemaOf(found);
    if (places.has(keyOf(found))) {
      if (found.severity === "error") raised.add(keyOf(found));
    } else if (schema === undefined) {
      theirs.push(found);
    } else if (!faulty.has(schema)) {
      const before = innermost.get(schema);
      if (before === undefined || depthOf(found) > depthOf(before)) innermost.set(schema, found);
    }
  }
  return [
    ...ours.map((found) =>
      sameFault.has(found.code) && raised.has(keyOf(found)) ? { ...found, severity: "error" as const } : found,
    ),
    ...theirs,
    ...innermost.values(),
  ];
}

function depthOf({ pointer = "" }: Diagnostic): number {
  return pointer.split("/").length;
}

/** Pointer of each place of an Avro schema → pointer of the schema itself, which a `$ref` may lead to. */
function avroSchemas(root: JsonNode): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const seen = new Set<JsonNode>();
  const visit = (node: JsonNode, pointer: string): void => {
    if (seen.has(node) || node.kind === "scalar") return;
    seen.add(node);
    if (node.kind === "array") return node.items.forEach((item, i) => visit(item, `${pointer}/${i}`));
    const isAvro = /^application\/vnd\.apache\.avro\b/i.test(stringOf(entryOf(node, "schemaFormat")?.value) ?? "");
    const key = entryOf(node, "schema") === undefined ? "payload" : "schema";
    for (const entry of node.entries) {
      const inner = `${pointer}/${entry.key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
      if (isAvro && entry.key === key) {
        const target = refOf(entry.value)?.value;
        const schema = target?.startsWith("#/") === true ? target.slice(1) : inner;
        found.set(inner, schema).set(schema, schema);
      }
      visit(entry.value, inner);
    }
  };
  visit(root, "");
  return found;
}
