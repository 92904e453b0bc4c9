import type { EnumInfo } from "./types.js";

/** How a contract spells an enum, beyond what its constant object shows. */
export interface EnumSpelling {
  readonly closed?: boolean;
  /** What was taken off the names of all members. */
  readonly prefix?: string;
  /** Names of members that could not keep theirs, by member. */
  readonly renamed?: { readonly [member: string]: string };
}

/** The names of an enum in its contract; `members` lists them in schema order. */
export function enumInfo<E extends number>(
  typeName: string,
  members: { readonly [member: string]: E },
  { closed = false, prefix = "", renamed = {} }: EnumSpelling = {},
): EnumInfo<E> {
  const names = new Map<number, string>();
  const numbers = new Map<string, E>();
  for (const [member, number] of Object.entries(members)) {
    const name = Object.hasOwn(renamed, member) ? (renamed[member] ?? member) : prefix + member;
    if (!names.has(number)) names.set(number, name);
    numbers.set(name, number);
  }
  return { typeName, closed, names, numbers };
}
