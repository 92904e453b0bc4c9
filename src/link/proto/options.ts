import { diagnostic, nearest, type Report } from "../../diagnostics/index.js";
import type {
  AggregateField,
  LiteralSyntax,
  Options,
  OptionMessage,
  OptionSyntax,
  OptionValue,
  Origin,
} from "../../model/index.js";
import { noOptions } from "../../model/index.js";
import { checkFeatures, withoutFeatures } from "./features.js";
import { checkLimits } from "./limits.js";
import { convertScalar, describe, parseInteger } from "./literals.js";
import type { OptionField, OptionSchemas } from "./option-schema.js";
import type { Place, Resolver } from "./resolve.js";

/** The message of descriptor.proto that declares the options of each kind of element. */
export type OptionsOf =
  "File" | "Message" | "Field" | "Oneof" | "Enum" | "EnumValue" | "Service" | "Method" | "ExtensionRange";

/** Turns option syntax into checked values. */
export interface OptionReader {
  /** The options of one element: names resolved, values checked; what is wrong is reported and left out. */
  read(options: readonly OptionSyntax[], of: OptionsOf, place: Place): Options;
  /** Where a field of an option value stands; undefined for what was not read here. */
  originOf(message: OptionMessage, key: string, index?: number): Origin | undefined;
  /** Whether something that was written in an option value is left out, having been reported. */
  isIncomplete(message: OptionMessage): boolean;
}

/** The messages whose fields are the options themselves. */
const builtIn = /^google\.protobuf\.[A-Za-z]+Options$/;

/** A message that a dotted name began, to be complete once all options are read. */
interface Opened {
  readonly message: OptionMessage;
  readonly typeName: string;
  readonly origin: Origin;
}

type AggregateSyntax = LiteralSyntax & { readonly kind: "aggregate" };

/** A part of an option's name as one writes it: extensions in parentheses. */
function showPart(part: string): string {
  return part.replace(/^\[(.*)\]$/, "($1)");
}

/** A field of an option as its limits name it. */
function nameOf({ key }: OptionField, typeName: string): string {
  return typeName === "google.protobuf.FeatureSet" && !key.startsWith("[") ? `features.${key}` : showPart(key);
}

type MutableMessage = Map<string, OptionValue>;

/** The element whose options are read. */
interface OptionPlace extends Place {
  readonly of: OptionsOf;
}

/** The hosts that Any's type names are looked up for; of others only their owners know what they hold. */
const anyHosts: ReadonlySet<string> = new Set(["type.googleapis.com", "type.googleprod.com"]);

/** A reader that remembers where each value stands, for checks that come later. */
export function createOptionReader(resolver: Resolver, schemas: OptionSchemas, report: Report): OptionReader {
  const origins = new WeakMap<OptionMessage, Map<string, Origin[]>>();

  const incomplete = new WeakSet<OptionMessage>();

  function remember(message: OptionMessage, key: string, origin: Origin): void {
    let known = origins.get(message);
    if (known === undefined) origins.set(message, (known = new Map<string, Origin[]>()));
    const list = known.get(key);
    if (list === undefined) known.set(key, [origin]);
    else list.push(origin);
  }

  function originOf(message: OptionMessage, key: string, index = 0): Origin | undefined {
    return origins.get(message)?.get(key)?.[index];
  }

  /** A field of an option message by the name part as written; reported when there is none. */
  function findField(
    part: string,
    typeName: string,
    place: OptionPlace,
    origin: Origin,
    inText: boolean,
  ): OptionField | undefined {
    if (!part.startsWith("[")) {
      const fields = schemas.fields(typeName);
      const found = fields?.get(part);
      // a group is called by its type in text format only
      const field = inText || found?.key === part ? found : undefined;
      if (field === undefined && fields !== undefined) {
        const on = inText || !builtIn.test(typeName) ? typeName : "";
        report(diagnostic("E2030", origin, { name: part, nearest: nearest(part, fields.keys()), on }));
      }
      return field;
    }
    const name = part.slice(1, -1);
    // text format looks extension names up from the message they are in, protoc's parser from the element
    const inner = inText ? resolver.findExtension(name, { ...place, scope: typeName }) : undefined;
    const symbol = inner ?? resolver.extension(name, origin, place);
    if (symbol === undefined) return undefined;
    const extendee = extendeeOf(symbol.extend.extendee, symbol);
    if (extendee !== typeName) {
      if (extendee !== undefined) report(diagnostic("E2031", origin, { name: symbol.name, extendee, on: typeName }));
      return undefined;
    }
    return schemas.extension(symbol);
  }

  function extendeeOf(name: string, symbol: ReturnType<Resolver["findExtension"]> & object): string | undefined {
    return resolver.message(
      name,
      symbol.extend.origin,
      { document: symbol.document, scope: symbol.scope },
      "a message",
    );
  }

  function setOption(root: MutableMessage, option: OptionSyntax, rootType: string, place: OptionPlace): Opened[] {
    const opened: Opened[] = [];
    let message = root;
    let typeName = rootType;
    for (const [i, part] of option.name.entries()) {
      const field = findField(part, typeName, place, option.origin, false);
      if (field === undefined) {
        incomplete.add(message);
        return opened;
      }
      const last = i === option.name.length - 1;
      if (last) {
        setField(message, typeName, field, option.value, place, option.origin, false);
        return opened;
      }
      const shown = option.name
        .slice(0, i + 1)
        .map(showPart)
        .join(".");
      if (field.type.kind !== "message" || field.repeated) {
        const problem = field.repeated ? "is repeated; give it a whole message in braces" : "is not a message";
        report(diagnostic("E2032", option.origin, { name: shown, problem }));
        return opened;
      }
      const { key } = field;
      if (!oneofFree(message, typeName, field, option.origin)) return opened;
      let inner = message.get(key);
      if (!(inner instanceof Map)) {
        inner = new Map<string, OptionValue>();
        message.set(key, inner);
        remember(message, key, option.origin);
        checkLimits(nameOf(field, typeName), field.limits, option.origin, place, report);
        opened.push({ message: inner, typeName: field.type.typeName, origin: option.origin });
      }
      message = inner as MutableMessage;
      typeName = field.type.typeName;
    }
    return opened;
  }

  function checkRequired({ message, typeName, origin }: Opened): void {
    for (const field of schemas.fields(typeName)?.values() ?? []) {
      if (!field.required || message.has(field.key)) continue;
      report(diagnostic("E2036", origin, { name: field.key, on: typeName }));
    }
  }

  /** Two members of a oneof exclude each other in option values, too. */
  function oneofFree(message: MutableMessage, typeName: string, field: OptionField, origin: Origin): boolean {
    if (field.oneof === undefined) return true;
    for (const other of schemas.fields(typeName)?.values() ?? []) {
      if (other.oneof !== field.oneof || other.key === field.key || !message.has(other.key)) continue;
      report(diagnostic("E2034", origin, { name: field.key, other: other.key, oneof: field.oneof }));
      return false;
    }
    return true;
  }

  function setField(
    message: MutableMessage,
    typeName: string,
    field: OptionField,
    literal: LiteralSyntax,
    place: OptionPlace,
    origin: Origin,
    inText: boolean,
  ): void {
    const { key } = field;
    checkLimits(nameOf(field, typeName), field.limits, origin, place, report);
    if (!field.repeated) {
      if (message.has(key)) {
        const first = origins.get(message)?.get(key)?.[0];
        const related = first === undefined ? [] : [{ message: "set here before", origin: first }];
        report(diagnostic("E2033", origin, { name: showPart(key) }, related));
        return;
      }
      if (!oneofFree(message, typeName, field, origin)) return;
    }
    const literals = field.repeated && inText && literal.kind === "list" ? literal.items : [literal];
    for (const item of literals) {
      const value = convert(field, item, place, inText);
      if (value === undefined) {
        incomplete.add(message);
        continue;
      }
      remember(message, key, item.origin);
      const before = message.get(key);
      if (!field.repeated) message.set(key, value);
      // the list is ours until the options are handed out
      else if (Array.isArray(before)) before.push(value);
      else message.set(key, [value]);
    }
  }

  function convert(
    field: OptionField,
    literal: LiteralSyntax,
    place: OptionPlace,
    inText: boolean,
  ): OptionValue | undefined {
    const refuse = (wanted: string, close?: string): undefined => {
      const params = { name: showPart(field.key), wanted, found: describe(literal), nearest: close };
      report(diagnostic("E2035", literal.origin, params));
      return undefined;
    };
    if (field.map !== undefined) {
      if (literal.kind !== "aggregate") return refuse("a message in braces with key and value");
      return readMapEntry(field.map, literal.fields, place);
    }
    const { type } = field;
    switch (type.kind) {
      case "scalar": {
        const converted = convertScalar(literal, type.scalar, inText);
        if ("problem" in converted) return refuse(converted.problem);
        if (converted.lossy) report(diagnostic("E2037", literal.origin, undefined));
        return converted.value;
      }
      case "enum":
        if (literal.kind === "identifier") {
          const limits = schemas.valueLimits(type.typeName, literal.text);
          checkLimits(literal.text, limits, literal.origin, place, report);
        }
        return convertEnum(type.typeName, literal, inText, refuse);
      case "message": {
        if (literal.kind !== "aggregate") return refuse("a message in braces");
        const message: MutableMessage = new Map<string, OptionValue>();
        fillMessage(message, type.typeName, literal, place);
        return message;
      }
    }
  }

  function convertEnum(
    typeName: string,
    literal: LiteralSyntax,
    inText: boolean,
    refuse: (wanted: string, close?: string) => undefined,
  ): OptionValue | undefined {
    const values = schemas.values(typeName) ?? new Map<string, number>();
    if (literal.kind === "identifier") {
      if (values.has(literal.text)) return literal.text;
      return refuse(`a value of ${typeName}`, nearest(literal.text, values.keys()));
    }
    const number = inText && literal.kind === "number" ? parseInteger(literal.text) : undefined;
    if (number === undefined) return refuse(`the name of a value of ${typeName}`);
    for (const [name, value] of values) if (BigInt(value) === number) return name;
    return number >= -(2n ** 31n) && number < 2n ** 31n ? Number(number) : refuse(`a value of ${typeName}`);
  }

  function fillMessage(
    message: MutableMessage,
    typeName: string,
    { fields, origin }: AggregateSyntax,
    place: OptionPlace,
  ): void {
    for (const { name, value, origin: written } of fields) {
      if (name.includes("/")) {
        fillAny(message, typeName, name, value, written, place);
        continue;
      }
      const field = findField(name, typeName, place, written, true);
      if (field === undefined) incomplete.add(message);
      else setField(message, typeName, field, value, place, written, true);
    }
    checkRequired({ message, typeName, origin: fields[0]?.origin ?? origin });
  }

  /** `[type.googleapis.com/acme.Foo] { … }` in an Any: kept unpacked, under the name as written. */
  function fillAny(
    message: MutableMessage,
    typeName: string,
    name: string,
    literal: LiteralSyntax,
    origin: Origin,
    place: OptionPlace,
  ): void {
    const slash = name.lastIndexOf("/");
    const inner = name.slice(slash + 1, -1);
    const known = anyHosts.has(name.slice(1, slash));
    if (typeName !== "google.protobuf.Any" || literal.kind !== "aggregate" || !known) {
      report(diagnostic("E2030", origin, { name, nearest: undefined, on: typeName }));
    } else if (schemas.fields(inner) === undefined) {
      report(diagnostic("E2001", origin, { name: inner, as: undefined, nearest: undefined }));
    } else {
      if (message.size > 0) report(diagnostic("E2033", origin, { name: "value of the Any" }));
      const value: MutableMessage = new Map<string, OptionValue>();
      fillMessage(value, inner, literal, place);
      message.set(name, value);
      remember(message, name, literal.origin);
    }
  }

  function readMapEntry(
    { key, value }: NonNullable<OptionField["map"]>,
    fields: readonly AggregateField[],
    place: OptionPlace,
  ): OptionMessage {
    const entry: MutableMessage = new Map<string, OptionValue>();
    for (const field of fields) {
      const part = field.name === "key" ? key : field.name === "value" ? value : undefined;
      if (part === undefined) {
        report(diagnostic("E2030", field.origin, { name: field.name, nearest: undefined, on: "a map entry" }));
      } else {
        setField(entry, "", part, field.value, place, field.origin, true);
      }
    }
    return entry;
  }

  return {
    read(options, of, place) {
      if (options.length === 0) return noOptions;
      const root: MutableMessage = new Map<string, OptionValue>();
      const usable = withoutFeatures(options, place.document, report);
      const opened = usable.flatMap((option) =>
        setOption(root, option, `google.protobuf.${of}Options`, { ...place, of }),
      );
      opened.forEach(checkRequired);
      const features = root.get("features");
      if (features instanceof Map) checkFeatures(features, of, (key) => originOf(features, key), report);
      return root;
    },
    originOf,
    isIncomplete: (message) => incomplete.has(message),
  };
}
