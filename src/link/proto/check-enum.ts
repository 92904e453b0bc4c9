import { diagnostic } from "../../diagnostics/index.js";
import type { Enum, EnumSyntax, EnumValueSyntax, Origin } from "../../model/index.js";
import type { LinkContext } from "./context.js";
import type { Features } from "./features.js";
import { createRangeIndex, reportOverlaps } from "./ranges.js";

const min = -2_147_483_648;
const max = 2_147_483_647;
const maxValues2026 = 1700;

/** What protoc refuses inside of one enum. */
export function checkEnum({ report, compiled }: LinkContext, node: EnumSyntax, built: Enum, features: Features): void {
  const first = node.values[0];
  if (first === undefined) {
    report(diagnostic("E2015", node.origin, { name: node.name }));
    return;
  }
  if (!built.closed && first.number !== 0) {
    report(diagnostic("E2016", first.numberOrigin, { name: first.name, enum: node.name }));
  }
  checkAliases();
  checkReserved();
  checkShortNames();
  if (!compiled && features.limits === "PROTO_LIMITS2026" && node.values.length > maxValues2026) {
    const params = { what: `the values of ${node.name}`, count: node.values.length, limit: maxValues2026 };
    report(diagnostic("E2048", node.origin, params));
  }

  function checkAliases(): void {
    const byNumber = new Map<number, EnumValueSyntax>();
    const allowed = built.options.get("allow_alias") === true;
    let aliases = 0;
    for (const value of node.values) {
      const { number, numberOrigin, name } = value;
      if (number < min || number > max) {
        report(diagnostic("E2020", numberOrigin, { number }));
        continue;
      }
      const other = byNumber.get(number);
      if (other === undefined) {
        byNumber.set(number, value);
        continue;
      }
      aliases++;
      if (allowed) continue;
      const related = [{ message: `${other.name} has it`, origin: other.origin }];
      report(diagnostic("E2019", numberOrigin, { number, name, other: other.name }, related));
    }
    if (!allowed || aliases > 0) return;
    const origin = node.options.find((option) => option.name[0] === "allow_alias")?.origin ?? node.origin;
    report(
      diagnostic("E2041", origin, { name: "allow_alias", problem: `no two values of ${node.name} have one number` }),
    );
  }

  function checkReserved(): void {
    const names = new Map<string, Origin>();
    for (const { name, origin } of node.reservedNames) {
      const earlier = names.get(name);
      if (earlier === undefined) names.set(name, origin);
      else {
        const related = [{ message: "reserved here before", origin: earlier }];
        report(diagnostic("E2013", origin, { problem: `the name ${JSON.stringify(name)} is reserved twice` }, related));
      }
    }
    const findReserved = createRangeIndex(node.reserved);
    for (const value of node.values) {
      const named = names.get(value.name);
      if (named !== undefined) {
        const related = [{ message: "reserved here", origin: named }];
        report(diagnostic("E2012", value.origin, { what: `the name ${value.name}`, free: undefined }, related));
      }
      const range = findReserved(value.number);
      if (range !== undefined) {
        const related = [{ message: "reserved here", origin: range.origin }];
        const params = { what: `the number ${value.number}`, free: undefined };
        report(diagnostic("E2012", value.numberOrigin, params, related));
      }
    }
    const good = node.reserved.filter((range) => {
      const problem =
        range.start > range.end
          ? "its end lies before its start"
          : range.start < min || range.end > max
            ? "it goes beyond 32 bits"
            : undefined;
      if (problem !== undefined) report(diagnostic("E2013", range.origin, { problem: `bad range: ${problem}` }));
      return problem === undefined;
    });
    reportOverlaps(good, (range, other) => {
      const related = [{ message: "the other one", origin: other.origin }];
      report(diagnostic("E2013", range.origin, { problem: "this range overlaps another" }, related));
    });
  }

  /** Values that differ by the enum's prefix or by case only are one name in languages that strip and convert. */
  function checkShortNames(): void {
    const seen = new Map<string, EnumValueSyntax>();
    for (const value of node.values) {
      const key = strippedName(value.name, node.name);
      const other = seen.get(key);
      if (other === undefined) seen.set(key, value);
      else if (other.name !== value.name && other.number !== value.number) {
        const related = [{ message: "the other one", origin: other.origin }];
        const params = { name: value.name, other: other.name, short: key, enum: node.name };
        report(diagnostic("E2028", value.origin, params, related));
      }
    }
  }
}

/** `ORDER_STATUS_PAID` of `OrderStatus` → `Paid`, by protoc's rule. */
function strippedName(value: string, enumName: string): string {
  const prefix = enumName.replace(/_/g, "").toLowerCase();
  let at = 0;
  let matched = 0;
  while (at < value.length && matched < prefix.length) {
    const c = value.charAt(at++);
    if (c === "_") continue;
    if (c.toLowerCase() !== prefix[matched]) return pascal(value);
    matched++;
  }
  if (matched < prefix.length) return pascal(value);
  const rest = value.slice(at).replace(/^_+/, "");
  return rest === "" ? pascal(value) : pascal(rest);
}

function pascal(name: string): string {
  return name
    .split("_")
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase())
    .join("");
}
