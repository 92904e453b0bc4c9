import type { Enum, EnumValue } from "../../model/index.js";
import { safeProperty } from "../../plan/index.js";
import { type Expression, objectOf, printAssign, printTyped, pureCall } from "../shared/expressions.js";
import { commentOf, docComment, fits, stringLiteral } from "../shared/print.js";
import type { Emit } from "./context.js";

/** An enum as the template prints it. */
export interface EnumView {
  readonly doc: string;
  /** `export const X = {`, whose brace a long name drives onto a second line. */
  readonly open: string;
  readonly close: string;
  readonly members: readonly { readonly doc: string; readonly entry: string }[];
  readonly type: string;
  readonly info: string;
}

/** The names of an enum's members, and the prefix that was taken off all of them. */
export function memberNames({ name, values }: Enum): { readonly prefix: string; readonly names: readonly string[] } {
  const shared = prefixOf(name, values[0]?.name ?? "");
  const strips =
    shared !== "" && values.every((v) => v.name.startsWith(shared) && /^[A-Za-z_]/.test(v.name.slice(shared.length)));
  const prefix = strips ? shared : "";
  const taken = new Set<string>();
  const names = values.map((value) => {
    let member = safeProperty(value.name.slice(prefix.length));
    while (taken.has(member)) member += "$";
    taken.add(member);
    return member;
  });
  return { prefix, names };
}

/** The member that stands for a number: of several the first. */
export function memberOf(found: Enum, number: number): string {
  const { names } = memberNames(found);
  return names[found.values.findIndex((value) => value.number === number)] ?? "";
}

/** The part of a value's name that spells its enum's, with the `_` behind it: `ORDER_STATUS_`; empty when it does not. */
function prefixOf(enumName: string, valueName: string): string {
  const letters = enumName.replaceAll("_", "").toLowerCase();
  let matched = 0;
  for (let i = 0; i < valueName.length; i++) {
    const letter = valueName[i]?.toLowerCase();
    if (matched === letters.length) return letter === "_" ? valueName.slice(0, i + 1) : "";
    if (letter === "_") continue;
    if (letter !== letters[matched]) return "";
    matched++;
  }
  return "";
}

/** What the template shows of an enum. */
export function viewEnum(found: Enum, emit: Emit): EnumView {
  const { typeName, values, closed } = found;
  const name = emit.enumValue(typeName);
  const { prefix, names } = memberNames(found);
  const renamed = values.flatMap((value, i): [string, string][] => {
    const member = names[i] ?? "";
    return prefix + member === value.name ? [] : [[member, stringLiteral(value.name)]];
  });
  const spelling: [string, Expression][] = [];
  if (closed) spelling.push(["closed", "true"]);
  if (prefix !== "") spelling.push(["prefix", stringLiteral(prefix)]);
  if (renamed.length > 0) spelling.push(["renamed", objectOf(...renamed)]);
  const named = emit.hasNames(typeName);
  if (named)
    spelling.push([
      "numbers",
      objectOf(...values.map(({ number }, i): [string, string] => [names[i] ?? "", String(number)])),
    ]);
  const args = [
    stringLiteral(typeName),
    ...(named ? [] : [name]),
    ...(spelling.length === 0 ? [] : [objectOf(...spelling)]),
  ];
  const members = `(typeof ${name})[keyof typeof ${name}]`;

  const firsts = new Map<number, string>();
  values.forEach(({ number }, i) => firsts.has(number) || firsts.set(number, names[i] ?? ""));
  // an alias has the name of the member that it is another name of, so that values can be compared
  const memberValue = ({ number }: EnumValue): string =>
    named ? stringLiteral(firsts.get(number) ?? "") : String(number);
  const wide = !fits(`export const ${name} = {`);
  const pad = wide ? "  " : "";
  return {
    doc: docComment(commentOf(found.comments), 0, found.deprecated ? ["@deprecated"] : []),
    open: wide ? `export const ${name} =\n  {` : `export const ${name} = {`,
    close: `${pad}} as const;`,
    members: values.map((value, i) => {
      const tags = value.deprecated ? ["@deprecated"] : [];
      return {
        doc: docComment(commentOf(value.comments), 2 + pad.length, tags),
        entry: `${pad}  ${printAssign(names[i] ?? "", ":", memberValue(value), ",", 2 + pad.length)}`,
      };
    }),
    type: printTyped(`export type ${name}`, closed ? [members] : [members, "(number & {})"], ";", 0, " ="),
    info: printInfo(emit, found, args),
  };
}

function printInfo(emit: Emit, { typeName }: Enum, args: readonly Expression[]): string {
  const named = emit.hasNames(typeName);
  const type = `${emit.wireType(named ? "EnumNames" : "EnumInfo")}<${emit.enumValue(typeName)}>`;
  const value = pureCall(emit.wire(named ? "enumNames" : "enumInfo"), ...args);
  return printAssign(`export const ${emit.enumInfo(typeName)}: ${type}`, "=", value, ";", 0);
}
