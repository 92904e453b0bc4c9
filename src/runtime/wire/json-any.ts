import { emptyBytes } from "./base64.js";
import { depthOf } from "./depth.js";
import { checkBlank, isWireError, tooDeep, WireError } from "./error.js";
import {
  enterValue,
  jsonError,
  type JsonKey,
  type JsonSlot,
  leaveValue,
  nestedOptions,
  parseObject,
  parseString,
  pathOf,
} from "./json-input.js";
import { setEntry } from "./maps.js";
import { copyBytes } from "./read.js";
import type { JsonInput, JsonObject, JsonOptions, JsonValue, MessageType, TypeRegistry } from "./types.js";

// google.protobuf.Any in ProtoJSON: `@type` beside the fields, or beside `value` for types with a form of their own.

interface AnyInit {
  readonly typeUrl?: string | undefined;
  readonly value?: Uint8Array | undefined;
}

const ownForm: ReadonlySet<string> = new Set(
  (
    "Any Timestamp Duration FieldMask Struct Value ListValue DoubleValue FloatValue Int64Value UInt64Value Int32Value " +
    "UInt32Value BoolValue StringValue BytesValue"
  )
    .split(" ")
    .map((name) => `google.protobuf.${name}`),
);

/** Has no form of its own; some implementations put its fields, of which there are none, into `value` all the same. */
const emptyName = "google.protobuf.Empty";

function typeNameOf(url: string): string {
  return url.slice(url.lastIndexOf("/") + 1);
}

function find(registry: TypeRegistry | undefined, typeName: string): MessageType<unknown, never> | undefined {
  return registry?.get(typeName);
}

/** @throws {WireError} when the registry does not know the type. */
export function anyJson(m: AnyInit, c: JsonOptions): JsonValue {
  // errors are about what was read last
  const { value: bytes = emptyBytes, typeUrl: url = "" } = m;
  // Anys in Anys are bytes in bytes: no decoder counts their levels
  const levels = depthOf(c);
  if (url === "" && bytes.length === 0) {
    checkBlank(m, "an Any");
    return {};
  }
  const typeName = typeNameOf(url);
  const type = find(c.registry, typeName);
  if (type === undefined)
    throw new WireError("unknown_type", `an Any holds ${JSON.stringify(typeName)}, which the registry lacks`);
  if (levels <= 0) throw tooDeep();
  const content = type.decode(m.value ?? emptyBytes, { maxDepth: levels });
  // what a type has read is what it writes
  const json = type.toJson(content as never, { ...c, maxDepth: levels - 1 });
  if (ownForm.has(typeName)) return { "@type": url, value: json };
  if (typeof json !== "object" || json === null || Array.isArray(json)) return { "@type": url, value: json };
  const result: { [key: string]: JsonValue } = { "@type": url };
  for (const name of Object.keys(json)) setEntry(result, name, json[name] ?? null);
  return result;
}

/** Encodes what the type at `@type` reads. @throws {WireError} when the registry does not know it. */
export function parseAny(v: JsonSlot, c: JsonInput, k: JsonKey): { typeUrl: string; value: Uint8Array } {
  const o = parseObject(v, c, k);
  enterValue(c, k);
  const any = parseContent(o, c);
  leaveValue(c);
  return any;
}

function parseContent(o: JsonObject, c: JsonInput): { typeUrl: string; value: Uint8Array } {
  const names = Object.keys(o);
  if (names.length === 0) return { typeUrl: "", value: new Uint8Array(0) };
  const url = o["@type"] === undefined ? "" : parseString(o["@type"], c, "@type");
  if (!url.includes("/") || url.endsWith("/")) {
    throw jsonError(c, "@type", "expected the URL of a type");
  }
  const typeName = typeNameOf(url);
  const type = find(c.registry, typeName);
  if (type === undefined) {
    throw jsonError(c, "@type", `the registry has no type ${JSON.stringify(typeName.slice(0, 100))}`, "unknown_type");
  }
  const fields: { [key: string]: JsonValue } = {};
  for (const name of names) if (name !== "@type") setEntry(fields, name, o[name] ?? null);
  const own = ownForm.has(typeName) || (typeName === emptyName && names.includes("value"));
  if (own && !names.includes("value")) throw jsonError(c, "value", "a well-known type in an Any needs a value");
  const extra = own && !c.ignoreUnknownFields ? names.find((name) => name !== "@type" && name !== "value") : undefined;
  if (extra !== undefined) throw jsonError(c, extra, "a well-known type in an Any has only a value", "unknown_field");
  // the nested type counts the fields among them
  if (c.text !== undefined) c.text.members += own ? names.length : 1;
  if (c.depth <= 0) throw jsonError(c, undefined, "messages are nested too deeply", "too_deep");
  const message = parseInner(type, own ? (fields["value"] ?? null) : fields, c, own ? "value" : undefined);
  // what a type has read is what it writes
  const bytes = type.encode(message as never);
  // a copy: messages live long, and what encoders give may keep other bytes alive
  return { typeUrl: url, value: copyBytes(bytes, 0, bytes.length) };
}

/** The nested type starts anew, with the levels that are left; its errors get our path in front. */
function parseInner(type: MessageType<unknown, never>, json: JsonValue, c: JsonInput, k: string | undefined): unknown {
  try {
    return type.fromJson(json, nestedOptions(c));
  } catch (error) {
    if (!isWireError(error)) throw error;
    const outer = pathOf(c, k);
    const dot = outer === "" || error.path === "" || error.path.startsWith("[") ? "" : ".";
    throw new WireError(error.code, error.reason, `${outer}${dot}${error.path}`);
  }
}
