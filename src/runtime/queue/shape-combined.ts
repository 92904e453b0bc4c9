import type { PayloadType } from "../wire/index.js";
import { createChecker, resolveShape, type Shape, type ShapeRef } from "./checker.js";
import { read, write } from "./convert.js";
import { isRecord } from "./json.js";
import { leaf } from "./leaf.js";

/** One of several forms at least, or exactly one. */
export function unionShape(members: readonly ShapeRef[], exactlyOne: boolean): Shape {
  return {
    parts: members,
    check(value, checker) {
      let matches = 0;
      for (const member of members) {
        if (checker.fits(value, member)) matches++;
        if (matches > (exactlyOne ? 1 : 0)) break;
      }
      if (matches === 0) checker.fail("must match one of the allowed forms");
      else if (exactlyOne && matches > 1) checker.fail("must match only one of the allowed forms");
    },
    read(value) {
      const member = members.find((candidate) => fitsAlone(value, candidate));
      return member === undefined ? value : read(member, value);
    },
    write(value) {
      for (const member of members) {
        const written = tryWrite(member, value);
        if (written !== undefined && fitsAlone(written, member)) return written;
      }
      return value;
    },
  };
}

function tryWrite(member: ShapeRef, value: unknown): unknown {
  try {
    return write(member, value);
  } catch {
    return undefined;
  }
}

function fitsAlone(value: unknown, ref: ShapeRef): boolean {
  return createChecker().fits(value, ref);
}

/** One of several objects, which a property tells apart. */
export function switchShape(rules: {
  readonly property: string;
  readonly cases: Readonly<Record<string, ShapeRef>>;
}): Shape {
  const cases = new Map(Object.entries(rules.cases));
  const names = [...cases.keys()].map((name) => JSON.stringify(name)).join(", ");
  const noCase = leaf((value, checker) =>
    checker.fail(value === undefined ? "is required" : `must be one of ${names.slice(0, 200)}`),
  );
  const tagOf = (value: unknown): unknown =>
    isRecord(value) && Object.hasOwn(value, rules.property) ? value[rules.property] : undefined;
  const caseOf = (value: unknown): ShapeRef | undefined => {
    const tag = tagOf(value);
    return typeof tag === "string" ? cases.get(tag) : undefined;
  };
  return {
    parts: [...cases.values()],
    check(value, checker) {
      if (!isRecord(value)) return checker.fail("must be an object");
      const found = caseOf(value);
      if (found === undefined) checker.at(rules.property, tagOf(value), noCase);
      else resolveShape(found).check(value, checker);
    },
    read: (value) => mapCase(caseOf(value), value, read),
    write: (value) => mapCase(caseOf(value), value, write),
  };
}

function mapCase(
  found: ShapeRef | undefined,
  value: unknown,
  convert: (ref: ShapeRef, part: unknown) => unknown,
): unknown {
  return found === undefined ? value : convert(found, value);
}

/** All of several shapes at once. */
export function allShape(members: readonly ShapeRef[]): Shape {
  return {
    parts: members,
    check(value, checker) {
      for (const member of members) if (!checker.full) resolveShape(member).check(value, checker);
    },
    read: (value) => members.reduce<unknown>((result, member) => read(member, result), value),
    write: (value) => members.reduce<unknown>((result, member) => write(member, result), value),
  };
}

/** A proto message inside of JSON. */
export function payloadShape(type: PayloadType<unknown, never>): Shape {
  return {
    parts: [],
    changes: true,
    check(value, checker) {
      try {
        // sound: fromJson refuses what is not such JSON
        type.fromJson(value as never, { ignoreUnknownFields: true });
      } catch (error) {
        checker.fail(`must be a ${type.typeName}: ${error instanceof Error ? error.message : "not readable"}`);
      }
    },
    // sound: read gets checked JSON, and write a value of the type, else toJson throws
    read: (value) => type.fromJson(value as never, { ignoreUnknownFields: true }),
    write: (value) => type.toJson(value as never),
  };
}

/** Whatever another shape refuses. */
export function notShape(refused: ShapeRef): Shape {
  return leaf((value, checker) => {
    if (checker.fits(value, refused)) checker.fail("must not have this form");
  });
}

/** One of two shapes, depending on a third that only decides. */
export function whenShape(rules: ConditionRules): Shape {
  const branchOf = (matches: boolean): ShapeRef | undefined => (matches ? rules.matching : rules.otherwise);
  return {
    parts: [rules.matching, rules.otherwise].filter((part) => part !== undefined),
    check(value, checker) {
      const branch = branchOf(checker.fits(value, rules.if));
      if (branch !== undefined) resolveShape(branch).check(value, checker);
    },
  };
}

export interface ConditionRules {
  readonly if: ShapeRef;
  /** Where `if` holds; anything by default. */
  readonly matching?: ShapeRef;
  /** Where it does not. */
  readonly otherwise?: ShapeRef;
}

/** The types of JSON values, as {@link onlyShape} tells them apart. */
export type JsonKind = "string" | "number" | "array" | "object";

/** A shape for values of one type, which says nothing about others. */
export function onlyShape(rules: { readonly type: JsonKind; readonly value: ShapeRef }): Shape {
  return {
    parts: [rules.value],
    check(value, checker) {
      if (kindOf(value) === rules.type) resolveShape(rules.value).check(value, checker);
    },
  };
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? "array" : value === null ? "null" : typeof value;
}
