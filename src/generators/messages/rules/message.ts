import type { Message, Oneof } from "../../../model/index.js";
import {
  assign,
  binary,
  block,
  call,
  evaluate,
  type Expression,
  line,
  printStatements,
  type Statement,
  when,
} from "../../shared/expressions.js";
import { printList, stringLiteral } from "../../shared/print.js";
import { planProperties, type FieldPlan, type Property } from "../fields.js";
import { celChecks, celView, type CelView } from "./cel.js";
import { fieldStatements } from "./fields.js";
import { hasIgnore, isRequiredOneof, messageRules } from "./options.js";
import { isSetCondition } from "./presence.js";
import { fail, type Place, type RulesEmit, type Subject } from "./subject.js";

interface Member {
  readonly property: Property;
  readonly plan: FieldPlan;
}

/** The function that checks messages of a type: `checkUser(m, c)`. */
export function printCheck(message: Message, emit: RulesEmit): string {
  const { typeName, origin } = message;
  const place: Place = { typeName, origin };
  const rules = messageRules(message);
  const members = planProperties(message).flatMap((property): readonly Member[] =>
    property.kind === "field"
      ? [{ property, plan: property.plan }]
      : property.plans.map((plan) => ({ property, plan })),
  );
  members.sort((a, b) => message.fields.indexOf(a.plan.field) - message.fields.indexOf(b.plan.field));
  const exclusive = new Set(rules.oneofs.flatMap(({ fields }) => fields));
  const self: Subject = { place, value: "m", at: '""', path: "", forKey: false };
  const code = (): Expression => celView({ kind: "message", typeName }, "m", emit);
  const view: CelView = { code, sample: { type: { kind: "message", typeName }, repeated: false } };

  const groups: readonly (readonly Statement[])[] = [
    ...members.map(({ property, plan }) =>
      fieldStatements(property, plan, exclusive.has(plan.field.name) && !hasIgnore(plan.field), emit),
    ),
    celChecks(rules.cel, self, view, emit),
    ...rules.oneofs.map((rule) => exclusiveChecks(rule, members, self, emit)),
    message.oneofs.filter(isRequiredOneof).map((oneof) => requiredChecks(oneof, members, self)),
  ];
  const body = inParts(groups);
  // what cannot be compiled fails whatever the message holds
  const broken = emit
    .broken()
    .map(({ at, reason }) => evaluate(call(emit.validate("brokenRule"), stringLiteral(at), stringLiteral(reason))));
  const statements = broken.length > 0 ? broken : body;
  const uses = (name: string): boolean => new RegExp(`\\b${name}\\b`).test(printStatements(statements, 2));
  const parameters = [
    `${uses("m") ? "m" : "_m"}: ${emit.initType(typeName)}`,
    `${uses("c") ? "c" : "_c"}: ${emit.validateType("Checks")}`,
  ];
  const head = printList(`export function ${emit.check(typeName)}`, parameters, ": void {");
  return statements.length === 0 ? `${head}}` : `${head}\n${printStatements(statements, 2)}\n}`;
}

/** TypeScript gives up on functions whose flow is too long; what belongs together stays so. */
const largest = 120;

function inParts(groups: readonly (readonly Statement[])[]): readonly Statement[] {
  const parts: Statement[][] = [[]];
  for (const group of groups) {
    if ((parts.at(-1)?.length ?? 0) + group.length > largest) parts.push([]);
    parts.at(-1)?.push(...group);
  }
  if (parts.length === 1) return parts[0] ?? [];
  // a function that were called where it stands would count as part of this one
  return parts.flatMap((part, i) => [block(`const part${i + 1} = (): void =>`, part, ";"), line(`part${i + 1}();`)]);
}

function exclusiveChecks(
  { fields, required }: { readonly fields: readonly string[]; readonly required: boolean },
  members: readonly Member[],
  self: Subject,
  emit: RulesEmit,
): Statement[] {
  if (fields.length === 0) {
    emit.fault(self.place, "a oneof rule without fields");
    return [];
  }
  const twice = fields.find((name, i) => fields.indexOf(name) !== i);
  if (twice !== undefined) {
    emit.fault(self.place, `a oneof rule that names ${twice} twice`);
    return [];
  }
  const found = fields.map((name) => members.find(({ plan }) => plan.field.name === name));
  const unknown = fields.find((_name, i) => found[i] === undefined);
  if (unknown !== undefined) {
    emit.fault(self.place, `a oneof rule names ${unknown}, which is no field of the message`);
    return [];
  }
  const conditions = found.flatMap((member) =>
    member === undefined ? [] : [isSetCondition(member.property, member.plan, emit)],
  );
  const names = fields.join(", ");
  const local = `set${fields.map((name) => `_${name}`).join("")}`;
  return [
    assign(`const ${local}`, call(emit.validate("countTrue"), ...conditions)),
    when(`${local} > 1`, fail(self, "message.oneof", `only one of ${names} can be set`, "")),
    ...(required ? [when(`${local} === 0`, fail(self, "message.oneof", `one of ${names} must be set`, ""))] : []),
  ];
}

function requiredChecks(oneof: Oneof, members: readonly Member[], self: Subject): Statement {
  const property = members.find((member) => member.property.kind === "oneof" && member.property.oneof === oneof);
  const at: Subject = { ...self, at: stringLiteral(oneof.name) };
  return when(
    binary(`m.${property?.property.name}?.case`, "===", "undefined"),
    fail(at, "required", "exactly one field is required in oneof", ""),
  );
}
