import type { Field, FieldType, ScalarType, ValueType } from "../../../model/index.js";
import {
  assign,
  binary,
  call,
  choose,
  evaluate,
  type Expression,
  flat,
  forOfBlock,
  line,
  type Statement,
} from "../../shared/expressions.js";
import { stringLiteral } from "../../shared/print.js";
import { toWire } from "../convert.js";
import type { FieldPlan, Property } from "../fields.js";
import { scalarCodes } from "../scalars.js";
import { zeroOf } from "../values.js";
import { wrapperNames } from "../well-known.js";
import { celChecks, celConversion, celKeyConversion, celView, predefinedChecks, type CelView } from "./cel.js";
import { hasPresence, isZero, notZero } from "./presence.js";
import { fieldRules, messageOption, readRules, type FieldRules } from "./options.js";
import { hasChecks } from "./reach.js";
import { braced, either } from "./statements.js";
import { failWhen, fail, type Place, type RulesEmit, type Subject } from "./subject.js";
import { sizeChecks, typeChecks } from "./type-checks.js";

const noRules: FieldRules = { required: false, ignore: "IGNORE_UNSPECIFIED", cel: [], type: undefined };

/** The checks of one field of the message `m`. */
export function fieldStatements(
  property: Property,
  plan: FieldPlan,
  ignoreZero: boolean,
  emit: RulesEmit,
): Statement[] {
  const { field } = plan;
  const given = fieldRules(field) ?? noRules;
  const rules: FieldRules = ignoreZero ? { ...given, ignore: "IGNORE_IF_ZERO_VALUE" } : given;
  if (rules.ignore === "IGNORE_ALWAYS") return [];
  const place: Place = { typeName: field.typeName, origin: field.origin };
  const local = `v${field.number}`;
  const zeroSkipped = rules.required || rules.ignore === "IGNORE_IF_ZERO_VALUE";
  const notZero = zeroSkipped && !field.repeated && field.type.kind === "scalar" && !hasPresence(field);
  const subject: Subject = { place, value: local, at: stringLiteral(field.name), path: "", forKey: false, notZero };
  const whose = binary(`m.${property.name}?.case`, "===", stringLiteral(plan.name));
  const access = `m.${property.name}`;

  const { checks, absent, present, initial } = shapeOf(field, access, rules, subject, emit);
  const skip = zeroSkipped || hasPresence(field);
  const missing = rules.required ? [fail(subject, "required", "value is required")] : [];
  if (checks.length === 0 && missing.length === 0) return [];
  const declare =
    property.kind === "field"
      ? assign(`const ${local}`, initial)
      : choose(`const ${local}`, whose, `m.${property.name}.value`, "undefined");
  return [declare, ...(skip ? either(absent, missing, checks, present) : checks)];
}

interface Shape {
  readonly checks: Statement[];
  /** When there is nothing to check, and the opposite. */
  readonly absent: string;
  readonly present: string;
  /** What the local holds. */
  readonly initial: Expression;
}

function shapeOf(field: Field, access: string, rules: FieldRules, subject: Subject, emit: RulesEmit): Shape {
  const { value } = subject;
  const { type } = field;
  if (field.repeated) {
    const checks = listChecks(field, rules, subject, emit);
    return {
      checks,
      absent: `${value}.length === 0`,
      present: `${value}.length > 0`,
      initial: binary(access, "??", "[]"),
    };
  }
  if (type.kind === "map") {
    const checks = mapChecks(field, type, rules, subject, emit);
    const initial = call(`${emit.global("Object")}.entries`, binary(access, "??", "{}"));
    return { checks, absent: `${value}.length === 0`, present: `${value}.length > 0`, initial };
  }
  if (hasPresence(field)) {
    const inner = converts(field, emit) ? { ...subject, value: `${value}Value` } : subject;
    const checks = valueChecks(type, rules, inner, emit);
    if (inner !== subject && checks.length > 0) {
      checks.unshift(assign(`const ${inner.value}`, toWire(field, value, emit)));
    }
    return { checks, absent: `${value} === undefined`, present: `${value} !== undefined`, initial: access };
  }
  const checks = valueChecks(type, rules, subject, emit);
  const zero = zeroOf(field, type, emit);
  const initial = toWire(field, binary(access, "??", zero), emit);
  const empty = isZero(type, value, emit);
  return { checks, absent: empty, present: notZero(type, value, emit), initial };
}

/** Whether programs hold something else than what is checked: 64-bit integers and enums by option. */
function converts(field: Field, emit: RulesEmit): boolean {
  return flat(toWire(field, "x", emit)) !== "x";
}

/** The checks of one value that is there: of a field, an item or a value of a map. */
function valueChecks(type: ValueType, rules: FieldRules, subject: Subject, emit: RulesEmit): Statement[] {
  const wrapped = wrappedType(type, emit);
  if (wrapped !== undefined && type.kind === "message")
    return wrapperChecks(type.typeName, wrapped, rules, subject, emit);
  const view: CelView = { code: () => celView(type, subject.value, emit), sample: { type, repeated: false } };
  const inner = type.kind === "message" ? nestedChecks(type.typeName, subject, emit) : [];
  return [...celChecks(rules.cel, subject, view, emit), ...inner, ...typeChecks(type, rules, subject, view, emit)];
}

function wrappedType(type: ValueType, emit: RulesEmit): ScalarType | undefined {
  if (type.kind !== "message" || !wrapperNames.has(type.typeName)) return undefined;
  const wrapped = emit.message(type.typeName).fields[0]?.type;
  return wrapped?.kind === "scalar" ? wrapped.scalar : undefined;
}

/** The rules for a wrapper are for what it holds. */
function wrapperChecks(
  typeName: string,
  scalar: ScalarType,
  rules: FieldRules,
  subject: Subject,
  emit: RulesEmit,
): Statement[] {
  const type = { kind: "scalar", scalar } as const;
  const [field] = emit.message(typeName).fields;
  const zero = field === undefined ? "undefined" : zeroOf(field, type, emit);
  const held = `${subject.value}Held`;
  const inner = { ...subject, value: held };
  const view: CelView = { code: () => celView(type, held, emit), sample: { type, repeated: false } };
  const checks = [...celChecks(rules.cel, inner, view, emit), ...typeChecks(type, rules, inner, view, emit)];
  if (checks.length === 0) return [];
  return [line(`const ${held} = ${subject.value}.value ?? ${zero};`), ...checks];
}

function nestedChecks(typeName: string, { value, at }: Subject, emit: RulesEmit): Statement[] {
  if (!hasChecks(emit.model, typeName)) return [];
  return [evaluate(call("c.enter", at)), evaluate(call(emit.check(typeName), value, "c")), line("c.leave();")];
}

function listChecks(field: Field, rules: FieldRules, subject: Subject, emit: RulesEmit): Statement[] {
  const type = field.type as ValueType;
  const { value } = subject;
  const item = `${value}Item`;
  const code = (): Expression => {
    const convert = celConversion(type, emit);
    return call(emit.celValue("celList"), value, ...(convert === undefined ? [] : [convert]));
  };
  const view: CelView = { code, sample: { type, repeated: true } };
  const statements = celChecks(rules.cel, subject, view, emit);
  const typed = rules.type;
  if (typed !== undefined && typed.name !== "repeated") {
    emit.fault(subject.place, `rules for ${typed.name} do not fit a repeated field, which takes those for repeated`);
    return statements;
  }
  const options = typed?.rules;
  if (options !== undefined) {
    statements.push(
      ...sizeChecks(
        options,
        `${value}.length`,
        [
          ["min_items", "<", (bound) => `must contain at least ${bound} item(s)`],
          ["max_items", ">", (bound) => `must contain no more than ${bound} item(s)`],
        ],
        "repeated",
        subject,
      ),
    );
    if (options.get("unique") === true) {
      if (type.kind === "message" && wrappedType(type, emit) === undefined) {
        emit.fault(subject.place, "unique is for items that are scalars or enums");
      } else {
        const list = wrappedType(type, emit) === undefined ? value : `${value}.map((x) => x.value)`;
        const bad = `!${emit.validate("isUnique")}(${list})`;
        statements.push(failWhen(subject, bad, "repeated.unique", "repeated value must contain unique items"));
      }
    }
    statements.push(...predefinedChecks("repeated", options, subject, view, emit));
  }
  const itemOptions = options === undefined ? undefined : messageOption(options, "items");
  const itemRules = itemOptions === undefined ? noRules : readRules(itemOptions, "repeated.items.");
  const inner: Subject = {
    ...subject,
    value: item,
    at: call(emit.validate("itemAt"), subject.at, "i"),
    path: "repeated.items.",
  };
  const body = conditional(type, itemRules, inner, emit);
  if (body.length > 0) {
    const raw = converts(field, emit) ? `${item}Raw` : item;
    const convert = raw === item ? [] : [line(`const ${item} = ${wire(field, raw, emit)};`)];
    statements.push(forOfBlock(`[i, ${raw}]`, `${value}.entries()`, [...convert, ...body]));
  }
  return statements;
}

function wire(field: Field, value: string, emit: RulesEmit): string {
  return flat(toWire(field, value, emit));
}

/** The checks of an item or a value of a map, which `ignore` may skip. */
function conditional(type: ValueType, rules: FieldRules, subject: Subject, emit: RulesEmit): Statement[] {
  if (rules.ignore === "IGNORE_ALWAYS") return [];
  const skipped = rules.ignore === "IGNORE_IF_ZERO_VALUE" && type.kind !== "message";
  const checks = valueChecks(type, rules, { ...subject, notZero: skipped }, emit);
  if (!skipped || checks.length === 0) return checks;
  return [braced(`if (${notZero(type, subject.value, emit)})`, checks)];
}

/** The key of an entry as the program sees it in `k`, as what it stands for. */
function keyOf(key: ScalarType, k: string, emit: RulesEmit): string {
  switch (scalarCodes[key].type) {
    case "boolean":
      return `${k} === "true"`;
    case "number":
      return `${emit.global("Number")}(${k})`;
    case "bigint":
      return `${emit.global("BigInt")}(${k})`;
    default:
      return k;
  }
}

function mapChecks(
  field: Field,
  type: FieldType & { readonly kind: "map" },
  rules: FieldRules,
  subject: Subject,
  emit: RulesEmit,
): Statement[] {
  const { value } = subject;
  const keyType = { kind: "scalar", scalar: type.key } as const;
  const code = (): Expression => {
    const convert = celConversion(type.value, emit);
    const key = celKeyConversion(type.key, emit);
    const values = convert === undefined ? [] : [convert];
    return call(emit.celValue("celMap"), value, key, ...values);
  };
  const view: CelView = { code, sample: { type, repeated: false } };
  const statements = celChecks(rules.cel, subject, view, emit);
  const typed = rules.type;
  if (typed !== undefined && typed.name !== "map") {
    emit.fault(subject.place, `rules for ${typed.name} do not fit a map, which takes those for map`);
    return statements;
  }
  const options = typed?.rules;
  if (options !== undefined) {
    statements.push(
      ...sizeChecks(
        options,
        `${value}.length`,
        [
          ["min_pairs", "<", (bound) => `map must be at least ${bound} entries`],
          ["max_pairs", ">", (bound) => `map must be at most ${bound} entries`],
        ],
        "map",
        subject,
      ),
      ...predefinedChecks("map", options, subject, view, emit),
    );
  }
  const partRules = (name: string): FieldRules => {
    const found = options === undefined ? undefined : messageOption(options, name);
    return found === undefined ? noRules : readRules(found, `map.${name}.`);
  };
  const raw = keyOf(type.key, "k", emit);
  const key = raw === "k" ? "k" : `${value}Key`;
  const at = call(emit.validate("entryAt"), subject.at, key);
  const keyChecks = conditional(
    keyType,
    partRules("keys"),
    { ...subject, value: key, at, path: "map.keys.", forKey: true },
    emit,
  );
  const held = `${value}Value`;
  const valueBody = conditional(
    type.value,
    partRules("values"),
    { ...subject, value: held, at, path: "map.values." },
    emit,
  );
  if (keyChecks.length === 0 && valueBody.length === 0) return statements;
  const given = converts(field, emit) ? `${held}Raw` : held;
  const names = valueBody.length === 0 ? "[k]" : `[k, ${given}]`;
  const converted =
    given === held || valueBody.length === 0 ? [] : [line(`const ${held} = ${wire(field, given, emit)};`)];
  const body = [...(raw === key ? [] : [line(`const ${key} = ${raw};`)]), ...converted, ...keyChecks, ...valueBody];
  return [...statements, forOfBlock(names, value, body)];
}
