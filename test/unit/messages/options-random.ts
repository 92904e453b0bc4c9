import type { Field, Message, Model, ValueType } from "../../../src/model/index.js";
import { enumOf, messageOf } from "../../../src/model/index.js";
import { planProperties } from "../../../src/generators/messages/fields.js";
import { type createRandom, type Fields } from "./support.js";

type Random = ReturnType<typeof createRandom>;

/** What random messages may hold, so that a form that cuts or refuses something is not asked for it. */
export interface Limits {
  /** No integer beyond 2^53. */
  readonly safe: boolean;
  /** Nothing finer than milliseconds. */
  readonly milliseconds: boolean;
}

/** A message with random fields, as programs have it by default. */
export function randomMessage(model: Model, message: Message, random: Random, limits: Limits, depth = 3): Fields {
  const fields: Fields = {};
  for (const property of planProperties(message)) {
    if (property.kind === "oneof") {
      const plan = random.pick([...property.plans, undefined]);
      if (plan !== undefined) fields[property.name] = { case: plan.name, value: one(plan.field, plan.field.type) };
      continue;
    }
    const { field } = property.plan;
    if (field.presence !== "required" && random.int(4) === 0) continue;
    fields[property.name] = value(field);
  }
  return fields;

  function value(field: Field): unknown {
    const { type } = field;
    const count = random.int(4);
    if (type.kind === "map") {
      const key = (): string =>
        type.key === "bool" ? random.pick(["true", "false"]) : type.key === "string" ? text() : `${random.int(1000)}`;
      return Object.fromEntries(Array.from({ length: count }, () => [key(), one(field, type.value)]));
    }
    return field.repeated ? Array.from({ length: count }, () => one(field, type)) : one(field, type);
  }

  function one(field: Field, type: Field["type"] | ValueType): unknown {
    switch (type.kind) {
      case "map":
        throw new Error("no map here");
      case "enum": {
        const { values, closed } = enumOf(model, type.typeName);
        return closed || random.int(4) > 0 ? random.pick(values).number : random.int(100);
      }
      case "message":
        return nested(type.typeName);
      case "scalar":
        return scalar(field, type.scalar);
    }
  }

  function nested(typeName: string): unknown {
    const nanos = limits.milliseconds ? random.int(1000) * 1_000_000 : random.int(1_000_000_000);
    const seconds = BigInt(random.int(4_000_000_000)) - 2_000_000_000n;
    if (typeName === "google.protobuf.Timestamp") return { seconds, nanos };
    // the random ones would have no JSON
    if (typeName === "google.protobuf.Duration") return { seconds: seconds < 0n ? -seconds : seconds, nanos };
    if (typeName === "google.protobuf.Value") return { kind: { case: "stringValue", value: text() } };
    if (typeName === "google.protobuf.Struct" || typeName === "google.protobuf.FieldMask") return {};
    if (typeName === "google.protobuf.Any") return undefined;
    if (depth > 0) return randomMessage(model, messageOf(model, typeName), random, limits, depth - 1);
    return requiredOnly(messageOf(model, typeName));
  }

  function requiredOnly(inner: Message): Fields {
    const needed = { ...inner, fields: inner.fields.filter(({ presence }) => presence === "required") };
    return randomMessage(model, needed, random, limits, 0);
  }

  function scalar(field: Field, scalar: string): unknown {
    switch (scalar) {
      case "bool":
        return random.int(2) === 0;
      case "string":
        return text();
      case "bytes":
        return Uint8Array.from({ length: random.int(4) }, () => random.int(256));
      case "double":
      case "float":
        return random.int(1000) / 8;
      case "int64":
      case "sint64":
      case "sfixed64":
        return long(field, true);
      case "uint64":
      case "fixed64":
        return long(field, false);
      case "uint32":
      case "fixed32":
        return random.int(2 ** 31);
      default:
        return random.int(2 ** 31) - 2 ** 30;
    }
  }

  function long({ jsType }: Field, signed: boolean): unknown {
    const bits = limits.safe || jsType === "number" ? 53 : signed ? 63 : 64;
    const wide = (BigInt(random.int(2 ** 31)) << 33n) | (BigInt(random.int(2 ** 31)) << 2n) | BigInt(random.int(4));
    const magnitude = random.int(5) === 0 ? 0n : BigInt.asUintN(random.int(2) === 0 ? 8 : bits, wide);
    const integer = signed && random.int(2) === 0 ? -magnitude : magnitude;
    return jsType === "normal" ? integer : jsType === "number" ? Number(integer) : integer.toString();
  }

  function text(): string {
    return random.pick(["", "a", "grün", "\u{1f600}", "__proto__", "with space"]);
  }
}
