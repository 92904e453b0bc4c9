import { diagnostic, type Report } from "../../diagnostics/index.js";
import type {
  EnumSyntax,
  ExtendSyntax,
  FieldSyntax,
  MessageSyntax,
  Origin,
  ProtoDocument,
  ServiceSyntax,
} from "../../model/index.js";

/** One named thing of the whole set of files. */
export type ProtoSymbol =
  | (Named & { readonly kind: "message"; readonly node: MessageSyntax; readonly parent: ProtoSymbol | undefined })
  | (Named & { readonly kind: "enum"; readonly node: EnumSyntax; readonly parent: ProtoSymbol | undefined })
  | (Named & { readonly kind: "service"; readonly node: ServiceSyntax })
  | (Named & {
      readonly kind: "extension";
      readonly node: FieldSyntax;
      readonly extend: ExtendSyntax;
      /** The full name around it: a package or a message. */
      readonly scope: string;
    })
  | (Named & { readonly kind: "field" | "oneof" | "method" | "enum value" });

interface Named {
  /** Full name without a leading dot. */
  readonly name: string;
  readonly document: ProtoDocument;
  readonly origin: Origin;
}

/** Every name there is. */
export interface SymbolIndex {
  readonly symbols: ReadonlyMap<string, ProtoSymbol>;
  /** The packages of all files and everything they lie in. */
  readonly packages: ReadonlySet<string>;
}

// the limits of protoc
const maxName = 65_535;
const maxPackage = 511;
const maxPackageParts = 100;
const tooLong = "has a name that is too long";

/** `a.b` and `c` → `a.b.c`; the root is the empty name. */
export function join(scope: string, name: string): string {
  return scope === "" ? name : `${scope}.${name}`;
}

/** `a.b.c` → `a`, `a.b`, `a.b.c`. */
export function packagePrefixes(name: string): readonly string[] {
  if (name === "") return [];
  const parts = name.split(".");
  return parts.map((_, i) => parts.slice(0, i + 1).join("."));
}

/** Collects the names of all files; two things of one name are reported, the first one stays. */
export function indexSymbols(documents: readonly ProtoDocument[], report: Report): SymbolIndex {
  const symbols = new Map<string, ProtoSymbol>();
  const packages = new Map<string, ProtoDocument>();

  function add(symbol: ProtoSymbol): void {
    if (symbol.name.length > maxName) {
      report(diagnostic("E2009", symbol.origin, { what: `this ${symbol.kind}`, problem: tooLong }));
      return;
    }
    const first = symbols.get(symbol.name);
    if (first === undefined && !packages.has(symbol.name)) {
      symbols.set(symbol.name, symbol);
      return;
    }
    const related =
      first === undefined ? [] : [{ message: `the first one, ${article(first.kind)}`, origin: first.origin }];
    const params = { kind: symbol.kind, name: symbol.name, as: first?.kind ?? "package" };
    report(diagnostic("E2003", symbol.origin, params, related));
  }

  for (const document of documents) {
    checkPackage(document, report);
    for (const prefix of packagePrefixes(document.package)) {
      if (!packages.has(prefix)) packages.set(prefix, document);
    }
  }
  for (const document of documents) {
    const walk = createWalk(document, add);
    walk.members(document.package, document, undefined);
    for (const node of document.services) walk.service(document.package, node);
  }
  return { symbols, packages: new Set(packages.keys()) };
}

function checkPackage({ package: name, packageOrigin }: ProtoDocument, report: Report): void {
  const problem =
    name.length > maxPackage ? tooLong : name.split(".").length > maxPackageParts ? "has too many parts" : undefined;
  if (problem !== undefined) report(diagnostic("E2009", packageOrigin, { what: "the package", problem }));
}

/** "a message", "an enum". */
export function article(kind: string): string {
  return /^[aeiou]/.test(kind) ? `an ${kind}` : `a ${kind}`;
}

type Members = Pick<MessageSyntax, "messages" | "enums" | "extends">;

function createWalk(
  document: ProtoDocument,
  add: (symbol: ProtoSymbol) => void,
): {
  members(scope: string, members: Members, parent: ProtoSymbol | undefined): void;
  service(scope: string, node: ServiceSyntax): void;
} {
  function members(
    scope: string,
    { messages, enums, extends: extended }: Members,
    parent: ProtoSymbol | undefined,
  ): void {
    for (const node of messages) {
      const name = join(scope, node.name);
      const symbol: ProtoSymbol = { kind: "message", name, document, origin: node.origin, node, parent };
      add(symbol);
      const inner = (kind: "field" | "oneof", declared: { name: string; origin: Origin }): void =>
        add({ kind, name: join(name, declared.name), document, origin: declared.origin });
      for (const field of node.fields) inner("field", field);
      for (const oneof of node.oneofs) inner("oneof", oneof);
      members(name, node, symbol);
    }
    for (const node of enums) {
      add({ kind: "enum", name: join(scope, node.name), document, origin: node.origin, node, parent });
      // enum values are siblings of their enum, as in C++
      for (const value of node.values) {
        add({ kind: "enum value", name: join(scope, value.name), document, origin: value.origin });
      }
    }
    for (const extend of extended) {
      for (const node of extend.fields) {
        add({ kind: "extension", name: join(scope, node.name), document, origin: node.origin, node, extend, scope });
      }
    }
  }

  function service(scope: string, node: ServiceSyntax): void {
    const name = join(scope, node.name);
    add({ kind: "service", name, document, origin: node.origin, node });
    for (const method of node.methods) {
      add({ kind: "method", name: join(name, method.name), document, origin: method.origin });
    }
  }

  return { members, service };
}
