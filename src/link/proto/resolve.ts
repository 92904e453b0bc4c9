import { diagnostic, nearest, type Report } from "../../diagnostics/index.js";
import type { FieldSyntax, Origin, ProtoDocument, ScalarType, ValueType } from "../../model/index.js";
import type { Visibility, Visible } from "./imports.js";
import { article, type ProtoSymbol, type SymbolIndex } from "./symbols.js";
import { wellKnownTypes } from "./well-known.js";

const scalars: ReadonlySet<string> = new Set<ScalarType>([
  "double",
  "float",
  "int32",
  "int64",
  "uint32",
  "uint64",
  "sint32",
  "sint64",
  "fixed32",
  "fixed64",
  "sfixed32",
  "sfixed64",
  "bool",
  "string",
  "bytes",
]);

/** True for the names of scalar types. */
export function isScalar(name: string): name is ScalarType {
  return scalars.has(name);
}

/** Where a name is used: the file, and the full name of the innermost declaration around it. */
export interface Place {
  readonly document: ProtoDocument;
  readonly scope: string;
}

/** Finding the nearest name looks at every name; beyond that many nobody reads them. */
const maxSuggestions = 100;

/** Finds what names stand for; what it does not find, it reports. */
export interface Resolver {
  /** The message or enum a field refers to; reported once and undefined where there is none. */
  fieldType(field: FieldSyntax, place: Place): ValueType | undefined;
  /** The message of an rpc or extend. */
  message(name: string, origin: Origin, place: Place, use: string): string | undefined;
  /** An extension named by an option; not found: undefined, and reported. */
  extension(name: string, origin: Origin, place: Place): (ProtoSymbol & { kind: "extension" }) | undefined;
  /** The same without a report. */
  findExtension(name: string, place: Place): (ProtoSymbol & { kind: "extension" }) | undefined;
  /** The message of that full name as the file sees it. */
  symbol(name: string): ProtoSymbol | undefined;
}

type Found =
  | { readonly kind: "symbol"; readonly symbol: ProtoSymbol }
  /** It exists, but in a file that is not imported. */
  | { readonly kind: "hidden"; readonly symbol: ProtoSymbol }
  /** An inner scope took the first part of the name. */
  | { readonly kind: "shadowed"; readonly as: string }
  | { readonly kind: "none" };

/** A resolver over all files, each seeing what its imports let it see. */
export function createResolver(
  { symbols, packages }: SymbolIndex,
  visibility: ReadonlyMap<string, Visibility>,
  compiled: boolean,
  report: Report,
): Resolver {
  const fieldTypes = new Map<FieldSyntax, ValueType | undefined>();
  let suggestions = 0;
  const nothing: Visible = { files: new Set(), packages: new Set(), incomplete: false };

  /** protoc's rule: the innermost scope that knows the first part of a name binds it. */
  function lookUp(name: string, { document, scope }: Place, seen: Visible, wantsType: boolean): Found {
    let hidden: ProtoSymbol | undefined;
    const see = (full: string): ProtoSymbol | undefined => {
      const symbol = symbols.get(full);
      if (symbol === undefined) return undefined;
      if (symbol.document === document || seen.files.has(symbol.document.source.path)) return symbol;
      hidden ??= symbol;
      return undefined;
    };
    const miss = (): Found => (hidden === undefined ? { kind: "none" } : { kind: "hidden", symbol: hidden });
    if (name.startsWith(".")) {
      const symbol = see(name.slice(1));
      return symbol === undefined ? miss() : { kind: "symbol", symbol };
    }
    const dot = name.indexOf(".");
    const first = dot < 0 ? name : name.slice(0, dot);
    for (let around = scope; ; around = around.slice(0, Math.max(0, around.lastIndexOf(".")))) {
      const prefix = around === "" ? "" : `${around}.`;
      const symbol = see(prefix + first);
      if (dot < 0) {
        if (symbol !== undefined && (!wantsType || isType(symbol))) return { kind: "symbol", symbol };
      } else if (symbol === undefined ? seen.packages.has(prefix + first) : isAggregate(symbol)) {
        const full = see(prefix + name);
        if (full !== undefined) return { kind: "symbol", symbol: full };
        return hidden === undefined ? { kind: "shadowed", as: prefix + name } : miss();
      } else if (symbol === undefined) {
        // in a package that nothing visible is in, it may be hidden all the same
        see(prefix + name);
      }
      if (around === "") return miss();
    }
  }

  function seenBy(document: ProtoDocument): Visibility {
    return visibility.get(document.source.path) ?? { types: nothing, options: nothing };
  }

  function type(name: string, origin: Origin, place: Place): (ProtoSymbol & { kind: "message" | "enum" }) | undefined {
    const found = lookUp(name, place, seenBy(place.document).types, true);
    if (found.kind === "symbol") {
      const { symbol } = found;
      if (symbol.kind === "message" || symbol.kind === "enum") {
        checkExported(symbol, place, origin);
        return symbol;
      }
      report(diagnostic("E2002", origin, { name, kind: article(symbol.kind), wanted: "a message or an enum" }));
      return undefined;
    }
    const other = found.kind === "none" ? lookUp(name, place, seenBy(place.document).types, false) : found;
    if (other.kind === "symbol") {
      const kind = article(other.symbol.kind);
      report(diagnostic("E2002", origin, { name, kind, wanted: "a message or an enum" }));
    } else {
      reportMissing(name, origin, place, found, "type");
    }
    return undefined;
  }

  function reportMissing(name: string, origin: Origin, place: Place, found: Found, what: "type" | "option"): void {
    if (found.kind === "hidden") {
      const { symbol } = found;
      const { path } = symbol.document.source;
      const params = { name, path, forOptions: what === "type" && seenBy(place.document).options.files.has(path) };
      report(
        diagnostic("E2006", origin, params, [{ message: `${symbol.name} is declared here`, origin: symbol.origin }]),
      );
      return;
    }
    const seen = seenBy(place.document);
    if (found.kind === "none" && (what === "type" ? seen.types : seen.options).incomplete) return;
    if (what === "type") reportUnknown(name, origin, place, found);
    else report(diagnostic("E2030", origin, { name: `(${name})`, nearest: nearestExtension(name, place), on: "" }));
  }

  function reportUnknown(name: string, origin: Origin, place: Place, found: Found): void {
    const as = found.kind === "shadowed" && found.as !== name ? found.as : undefined;
    const seen = seenBy(place.document).types.files;
    const path = wellKnownTypes.get(name.replace(/^\./, ""));
    if (as === undefined && path !== undefined && !seen.has(path)) {
      report(diagnostic("E2006", origin, { name, path, forOptions: false }));
      return;
    }
    const close = nearestType(name, place);
    const last = name.slice(name.lastIndexOf(".") + 1);
    const exact = close?.slice(close.lastIndexOf(".") + 1) === last;
    const hidden = exact || as !== undefined ? undefined : hiddenType(name, seen);
    report(diagnostic("E2001", origin, { name, as, nearest: hidden?.name ?? close, path: hidden?.path }));
  }

  /** A type whose name ends like that, of a file that is not imported. */
  function hiddenType(
    name: string,
    seen: ReadonlySet<string>,
  ): { readonly name: string; readonly path: string } | undefined {
    if (suggestions > maxSuggestions) return undefined;
    const end = `.${name.replace(/^\./, "")}`;
    for (const symbol of symbols.values()) {
      const { path } = symbol.document.source;
      if (isType(symbol) && symbol.name.endsWith(end) && !seen.has(path)) return { name: symbol.name, path };
    }
    for (const [known, path] of wellKnownTypes) {
      // names that anybody might give to something are not guessed at
      if (known.endsWith(end) && !/\/(?:api|type)\.proto$/.test(path)) return { name: known, path };
    }
    return undefined;
  }

  /** Of the visible types, the one whose last name is closest, as one would write it. */
  function nearestType(name: string, place: Place): string | undefined {
    const seen = seenBy(place.document).types;
    const last = name.slice(name.lastIndexOf(".") + 1);
    // every short name is close to every other
    if (last.length < 3 || ++suggestions > maxSuggestions) return undefined;
    const byLast = new Map<string, string>(isScalarLike(name) ? [...scalars].map((scalar) => [scalar, scalar]) : []);
    for (const symbol of symbols.values()) {
      if (!isType(symbol) || !seen.files.has(symbol.document.source.path)) continue;
      const own = symbol.node.name;
      if (!byLast.has(own)) byLast.set(own, relative(symbol.name, place));
    }
    const found = nearest(last, byLast.keys());
    const written = found === undefined ? undefined : byLast.get(found);
    return written === name ? undefined : written;
  }

  function nearestExtension(name: string, { document }: Place): string | undefined {
    if (++suggestions > maxSuggestions) return undefined;
    const seen = seenBy(document).options;
    const names: string[] = [];
    for (const symbol of symbols.values()) {
      if (symbol.kind === "extension" && seen.files.has(symbol.document.source.path)) names.push(symbol.name);
    }
    const found = nearest(name, names);
    return found === undefined ? undefined : `(${found})`;
  }

  /** The name without the package both are in. */
  function relative(full: string, { document }: Place): string {
    const prefix = document.package === "" ? "" : `${document.package}.`;
    return full.startsWith(prefix) ? full.slice(prefix.length) : full;
  }

  function checkExported(symbol: ProtoSymbol & { kind: "message" | "enum" }, place: Place, origin: Origin): void {
    if (compiled || symbol.document === place.document || isExported(symbol)) return;
    const related = [{ message: "declared here", origin: symbol.origin }];
    report(diagnostic("E2007", origin, { name: symbol.name }, related));
  }

  return {
    fieldType(field, place) {
      if (fieldTypes.has(field)) return fieldTypes.get(field);
      let found: ValueType | undefined;
      if (isScalar(field.type)) {
        found = { kind: "scalar", scalar: field.type };
      } else {
        const symbol = type(field.type, field.typeOrigin, place);
        if (symbol !== undefined) found = { kind: symbol.kind, typeName: symbol.name };
      }
      fieldTypes.set(field, found);
      return found;
    },
    message(name, origin, place, use) {
      const found = lookUp(name, place, seenBy(place.document).types, false);
      if (found.kind === "symbol") {
        if (found.symbol.kind === "message") {
          checkExported(found.symbol, place, origin);
          return found.symbol.name;
        }
        report(diagnostic("E2002", origin, { name, kind: article(found.symbol.kind), wanted: use }));
        return undefined;
      }
      if (isScalar(name)) report(diagnostic("E2002", origin, { name, kind: "a scalar type", wanted: use }));
      else reportMissing(name, origin, place, found, "type");
      return undefined;
    },
    extension(name, origin, place) {
      const found = lookUp(name, place, seenBy(place.document).options, false);
      if (found.kind === "symbol") {
        if (found.symbol.kind === "extension") return found.symbol;
        const kind = article(found.symbol.kind);
        report(diagnostic("E2002", origin, { name, kind, wanted: "an extension" }));
        return undefined;
      }
      reportMissing(name, origin, place, found, "option");
      return undefined;
    },
    findExtension(name, place) {
      const found = lookUp(name, place, seenBy(place.document).options, false);
      return found.kind === "symbol" && found.symbol.kind === "extension" ? found.symbol : undefined;
    },
    symbol: (name) => (packages.has(name) ? undefined : symbols.get(name)),
  };
}

function isType(symbol: ProtoSymbol): symbol is ProtoSymbol & { kind: "message" | "enum" } {
  return symbol.kind === "message" || symbol.kind === "enum";
}

function isAggregate(symbol: ProtoSymbol): boolean {
  return isType(symbol) || symbol.kind === "service";
}

/** A misspelt scalar: `strng`, `int`. */
function isScalarLike(name: string): boolean {
  return /^[a-z]\w*$/.test(name);
}

/** Whether other files may use it: `export`, `local`, else the default of its file. */
function isExported(symbol: ProtoSymbol & { kind: "message" | "enum" }): boolean {
  const { document, node, parent } = symbol;
  if (node.visibility !== undefined) return node.visibility === "export";
  if (document.edition < "2024") return true;
  const value = defaultVisibility(document);
  if (value === "EXPORT_ALL") return true;
  return value === "EXPORT_TOP_LEVEL" && parent === undefined;
}

/** `features.default_symbol_visibility` of a file, read off the syntax: types are looked up before options are read. */
function defaultVisibility(document: ProtoDocument): string {
  let found = visibilities.get(document);
  if (found === undefined) visibilities.set(document, (found = readVisibility(document)));
  return found;
}

const visibilities = new WeakMap<ProtoDocument, string>();

function readVisibility({ options, edition }: ProtoDocument): string {
  const key = "default_symbol_visibility";
  for (const { name, value } of options) {
    if (name[0] !== "features") continue;
    const inner = value.kind === "aggregate" ? value.fields.find((field) => field.name === key)?.value : undefined;
    const found = name.length === 1 ? inner : name.length === 2 && name[1] === key ? value : undefined;
    if (found?.kind === "identifier") return found.text;
  }
  return edition === "2024" ? "EXPORT_TOP_LEVEL" : "STRICT";
}
