import { cleanComment } from "../../src/load/proto/index.js";
import type {
  Comments,
  Enum,
  Extension,
  Field,
  Message,
  Options,
  OptionValue,
  Origin,
  ProtoFile,
  Service,
} from "../../src/model/index.js";

/** The parts of a FileDescriptorProto in JSON that are compared with the model. */
interface Descriptor {
  readonly name: string;
  readonly package?: string;
  readonly syntax?: string;
  readonly label?: string;
  readonly type?: string;
  readonly typeName?: string;
  readonly extendee?: string;
  readonly number?: number;
  readonly start?: number;
  readonly end?: number;
  readonly jsonName?: string;
  readonly defaultValue?: string;
  readonly oneofIndex?: number;
  readonly proto3Optional?: boolean;
  readonly inputType?: string;
  readonly outputType?: string;
  readonly clientStreaming?: boolean;
  readonly serverStreaming?: boolean;
  readonly messageType?: readonly Descriptor[];
  readonly nestedType?: readonly Descriptor[];
  readonly enumType?: readonly Descriptor[];
  readonly field?: readonly Descriptor[];
  readonly extension?: readonly Descriptor[];
  readonly oneofDecl?: readonly Descriptor[];
  readonly service?: readonly Descriptor[];
  readonly method?: readonly Descriptor[];
  readonly value?: readonly Descriptor[];
  readonly reservedRange?: readonly Descriptor[];
  readonly extensionRange?: readonly Descriptor[];
  readonly reservedName?: readonly string[];
  readonly options?: Readonly<Record<string, unknown>>;
  readonly sourceCodeInfo?: { readonly location: readonly Location[] };
}

interface Location {
  readonly path?: readonly number[];
  readonly span: readonly number[];
  readonly leadingComments?: string;
  readonly trailingComments?: string;
  readonly leadingDetachedComments?: readonly string[];
}

export type FileDescriptor = Descriptor;

/** One line per declaration of a descriptor: what the oracle says. */
export function linesOfDescriptor(file: FileDescriptor): string[] {
  const lines: string[] = [];
  const locations = new Map<string, Location>();
  for (const location of file.sourceCodeInfo?.location ?? []) {
    const key = (location.path ?? []).join(".");
    if (!locations.has(key)) locations.set(key, location);
  }
  const scope = file.package ?? "";

  function line(
    kind: string,
    name: string,
    details: readonly unknown[],
    path: readonly number[],
    options: unknown,
  ): void {
    const at = locations.get([...path, 1].join("."))?.span;
    const location = locations.get(path.join("."));
    const comments = {
      leading: cleanComment(location?.leadingComments ?? ""),
      trailing: cleanComment(location?.trailingComments ?? ""),
      detached: (location?.leadingDetachedComments ?? []).map(cleanComment),
    };
    const place = at === undefined ? "?" : `${(at[0] ?? 0) + 1}:${(at[1] ?? 0) + 1}`;
    lines.push(formatLine(kind, name, details, place, comments, normalise(options ?? {})));
  }

  function field(d: Descriptor, prefix: string, path: readonly number[], outer: Descriptor | undefined): void {
    const entry = outer?.nestedType?.find(
      (nested) => nested.options?.["mapEntry"] === true && d.typeName === `.${prefix}.${nested.name}`,
    );
    const [key, value] = entry?.field ?? [];
    const type = key === undefined || value === undefined ? typeOf(d) : `map<${typeOf(key)},${typeOf(value)}>`;
    const oneof = d.oneofIndex === undefined || d.proto3Optional === true ? "" : outer?.oneofDecl?.[d.oneofIndex]?.name;
    const defaultValue = d.defaultValue === undefined ? "" : normaliseDefault(d.defaultValue, d.type ?? "");
    const details = [d.number, d.label, type, d.extendee ?? d.jsonName, oneof ?? "", defaultValue];
    line(d.extendee === undefined ? "field" : "extension", join(prefix, d.name), details, path, d.options);
  }

  function message(d: Descriptor, prefix: string, path: readonly number[]): void {
    if (d.options?.["mapEntry"] === true) return;
    const name = join(prefix, d.name);
    const reserved = (d.reservedRange ?? []).map(({ start, end }) => [start, (end ?? 0) - 1]);
    const ranges = (d.extensionRange ?? []).map(({ start, end }) => [start, (end ?? 0) - 1]);
    line("message", name, [reserved, d.reservedName ?? [], ranges], path, d.options);
    d.field?.forEach((inner, i) => field(inner, name, [...path, 2, i], d));
    const synthetic = new Set(d.field?.filter((f) => f.proto3Optional === true).map((f) => f.oneofIndex));
    d.oneofDecl?.forEach((inner, i) => {
      if (!synthetic.has(i)) line("oneof", join(name, inner.name), [], [...path, 8, i], inner.options);
    });
    d.nestedType?.forEach((inner, i) => message(inner, name, [...path, 3, i]));
    d.enumType?.forEach((inner, i) => enumeration(inner, name, [...path, 4, i]));
    d.extension?.forEach((inner, i) => field(inner, name, [...path, 6, i], undefined));
  }

  function enumeration(d: Descriptor, prefix: string, path: readonly number[]): void {
    const name = join(prefix, d.name);
    const reserved = (d.reservedRange ?? []).map(({ start, end }) => [start ?? 0, end ?? 0]);
    line("enum", name, [reserved, d.reservedName ?? []], path, d.options);
    d.value?.forEach((value, i) =>
      line("value", join(name, value.name), [value.number ?? 0], [...path, 2, i], value.options),
    );
  }

  file.messageType?.forEach((d, i) => message(d, scope, [4, i]));
  file.enumType?.forEach((d, i) => enumeration(d, scope, [5, i]));
  file.service?.forEach((d, i) => {
    const name = join(scope, d.name);
    line("service", name, [], [6, i], d.options);
    d.method?.forEach((method, j) => {
      const streams = [method.clientStreaming === true, method.serverStreaming === true];
      const details = [method.inputType, method.outputType, ...streams];
      line("method", join(name, method.name), details, [6, i, 2, j], method.options);
    });
  });
  file.extension?.forEach((d, i) => field(d, scope, [7, i], undefined));
  lines.push(`file ${file.name} ${scope} ${file.syntax ?? "proto2"} ${JSON.stringify(normalise(file.options ?? {}))}`);
  return lines;
}

/** The same lines from the model. */
export function linesOfModel(file: ProtoFile): string[] {
  const lines: string[] = [];
  function line(
    kind: string,
    name: string,
    details: readonly unknown[],
    declared: { readonly origin: Origin; readonly comments: Comments; readonly options: Options },
  ): void {
    const { origin, comments, options } = declared;
    lines.push(formatLine(kind, name, details, `${origin.line}:${origin.column}`, comments, optionsJson(options)));
  }
  function field(d: Field | Extension): void {
    const repeated = d.repeated || d.type.kind === "map";
    const required = d.presence === "required" && file.syntax === "proto2";
    const label = `LABEL_${repeated ? "REPEATED" : required ? "REQUIRED" : "OPTIONAL"}`;
    const { type } = d;
    const shown =
      type.kind === "map"
        ? `map<TYPE_${type.key.toUpperCase()},${modelType(type.value, false)}>`
        : modelType(type, d.delimited && file.syntax === "proto2");
    const extendee = "extendee" in d ? `.${d.extendee}` : undefined;
    const defaultValue = d.default === undefined ? "" : defaultText(d.default, shown);
    const details = [d.number, label, shown, extendee ?? d.jsonName, d.oneof ?? "", defaultValue];
    line(extendee === undefined ? "field" : "extension", d.typeName, details, d);
  }
  function message(d: Message): void {
    const pairs = (ranges: Message["reservedRanges"]): unknown => ranges.map(({ start, end }) => [start, end]);
    line("message", d.typeName, [pairs(d.reservedRanges), d.reservedNames, pairs(d.extensionRanges)], d);
    d.fields.forEach(field);
    for (const oneof of d.oneofs) line("oneof", join(d.typeName, oneof.name), [], oneof);
    d.messages.forEach(message);
    d.enums.forEach(enumeration);
    d.extensions.forEach(field);
  }
  function enumeration(d: Enum): void {
    line("enum", d.typeName, [d.reservedRanges.map(({ start, end }) => [start, end]), d.reservedNames], d);
    for (const value of d.values) line("value", join(d.typeName, value.name), [value.number], value);
  }
  function service(d: Service): void {
    line("service", d.typeName, [], d);
    for (const method of d.methods) {
      const client = method.kind === "client_streaming" || method.kind === "bidi_streaming";
      const server = method.kind === "server_streaming" || method.kind === "bidi_streaming";
      line("method", method.typeName, [`.${method.input}`, `.${method.output}`, client, server], method);
    }
  }
  file.messages.forEach(message);
  file.enums.forEach(enumeration);
  file.services.forEach(service);
  file.extensions.forEach(field);
  lines.push(`file ${file.path} ${file.package} ${file.syntax} ${JSON.stringify(optionsJson(file.options))}`);
  return lines;
}

function formatLine(
  kind: string,
  name: string,
  details: readonly unknown[],
  place: string,
  comments: Comments,
  options: unknown,
): string {
  const text = [comments.leading, comments.trailing, ...comments.detached].map((part) => JSON.stringify(part));
  return `${kind} ${name} ${JSON.stringify(details)} @${place} ${text.join(" ")} ${JSON.stringify(options)}`;
}

function join(scope: string, name: string): string {
  return scope === "" ? name : `${scope}.${name}`;
}

function typeOf(d: Descriptor): string {
  return d.typeName === undefined ? (d.type ?? "?") : `${d.type} ${d.typeName}`;
}

function modelType(type: Exclude<Field["type"], { kind: "map" }>, group: boolean): string {
  switch (type.kind) {
    case "scalar":
      return `TYPE_${type.scalar.toUpperCase()}`;
    case "enum":
      return `TYPE_ENUM .${type.typeName}`;
    case "message":
      return `TYPE_${group ? "GROUP" : "MESSAGE"} .${type.typeName}`;
  }
}

function normaliseDefault(text: string, type: string): string {
  return /FLOAT|DOUBLE/.test(type) ? floatText(Number(text.replace("inf", "Infinity").replace("nan", "NaN"))) : text;
}

function defaultText(value: string | number | bigint | boolean | Uint8Array, type: string): string {
  if (value instanceof Uint8Array) return escapeBytes(value);
  return typeof value === "number" && /FLOAT|DOUBLE/.test(type) ? floatText(value) : String(value);
}

function floatText(value: number): string {
  return Number.isFinite(value) ? Number(Math.fround(value).toPrecision(6)).toString() : String(value);
}

/** The C escapes of a descriptor's `default_value`. */
function escapeBytes(bytes: Uint8Array): string {
  const known = new Map([
    [10, "\\n"],
    [13, "\\r"],
    [9, "\\t"],
    [34, '\\"'],
    [39, "\\'"],
    [92, "\\\\"],
  ]);
  return [...bytes]
    .map((b) => known.get(b) ?? (b >= 32 && b < 127 ? String.fromCharCode(b) : `\\${b.toString(8).padStart(3, "0")}`))
    .join("");
}

function optionsJson(options: Options): unknown {
  return normalise(valueJson(options));
}

function valueJson(value: OptionValue): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, inner]) => [jsonKey(key), valueJson(inner as OptionValue)]));
  }
  if (Array.isArray(value)) return value.map((inner) => valueJson(inner as OptionValue));
  if (typeof value === "bigint") return String(value);
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : (value as unknown);
}

function jsonKey(name: string): string {
  return name.startsWith("[")
    ? name
    : name.replace(/_+(.)?/g, (_, next: string | undefined) => (next ?? "").toUpperCase());
}

/** Keys sorted, floats to single precision. */
function normalise(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normalise);
  if (typeof value === "number") return Number.isInteger(value) ? value : floatText(value);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, normalise(inner)]),
  );
}
