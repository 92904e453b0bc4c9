import { entryOf, type JsonNode, stringOf } from "../../model/index.js";
import type { Place } from "./place.js";

/** A name made of a name and what it is part of: `Order` + `line-items` → `OrderLineItems`. */
export function joinNames(outer: string, inner: string): string {
  const words = inner.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  return outer + words.map((word) => (word[0] ?? "").toUpperCase() + word.slice(1)).join("");
}

/** A title that is one word is a name; others are prose. */
export function titleName(node: JsonNode): string | undefined {
  const title = stringOf(entryOf(node, "title")?.value)?.trim() ?? "";
  return /^[A-Za-z_$][\w$.-]*$/.test(title) ? title : undefined;
}

/** The property that tells the members of a union apart; OpenAPI has it in an object. */
export function discriminatorOf(node: JsonNode): string | undefined {
  const said = entryOf(node, "discriminator")?.value;
  return stringOf(said) ?? stringOf(entryOf(said, "propertyName")?.value);
}

/** Names of the members of a union: their titles, else what each says in the discriminator, else numbers. */
export function optionNames(members: readonly JsonNode[], discriminator: string | undefined): readonly string[] {
  const said = members.map((member) => {
    const property = entryOf(entryOf(member, "properties")?.value, discriminator ?? "")?.value;
    const values = entryOf(property, "enum")?.value;
    const only = values?.kind === "array" && values.items.length === 1 ? values.items[0] : undefined;
    return joinNames("", stringOf(entryOf(property, "const")?.value) ?? stringOf(only) ?? "");
  });
  const apart = said.every((name) => name !== "") && new Set(said).size === said.length;
  return members.map((member, i) => titleName(member) ?? (apart ? said[i] : undefined) ?? `Option${i + 1}`);
}

/** Keys under which authors name schemas. */
const containers: ReadonlySet<string> = new Set(["schemas", "definitions", "$defs"]);

/** True where a key of the document names the schema, as in `components.schemas` or at the top of a shared file. */
export function isNamedPlace({ path, document }: Place): boolean {
  if (containers.has(path.at(-2) ?? "")) return true;
  return !document.entry && path.length === 1;
}

/** Without the package that generators for the JVM put in front: `com.acme.Order.Created` → `Order.Created`. */
export function withoutPackage(name: string): string {
  return /^(?:[a-z][a-z0-9_]*\.){2,}([A-Z][\w.$]*)$/.exec(name)?.[1] ?? name;
}

/** What to call a schema that a `$ref` leads to. */
export function targetName(place: Place): string {
  const { path, document, node } = place;
  if (isNamedPlace(place)) return path.at(-1) ?? "";
  const title = titleName(node);
  if (title !== undefined) return title;
  if (path.length === 0) {
    const file = document.source.path.split("/").at(-1) ?? "";
    return file.replace(/\.[^.]*$/, "");
  }
  // `…/messages/Created/payload`, `…/Order/properties/address`
  const meaningful = path.filter((part) => !/^(components|properties|items|oneOf|anyOf|allOf|\d+)$/.test(part));
  const [outer, inner] = meaningful.slice(-2);
  return inner === undefined ? (outer ?? "Schema") : joinNames(outer ?? "", inner);
}
