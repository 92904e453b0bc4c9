import type { CallContext, MethodInfo, ServiceInfo } from "../rpc/index.js";
import { isUnaryInput, isUnaryOutput } from "../rpc/index.js";
import { createRegistry, type JsonValue, type MessageType, type TypeRegistry } from "../wire/index.js";
import { Duration, FieldDescriptorProto_Type as Type } from "../wkt/index.js";
import { readShapes, type FieldShape, type Shapes } from "./descriptors.js";
import { createTestRandom, hash } from "./random.js";
import { createValues, type Values } from "./values.js";

/** Settings of {@link createMockHandler}. */
export interface MockOptions<H extends object = object> {
  /** Other seeds give other values; 1 by default. */
  readonly seed?: number | string | undefined;
  /** Messages of a stream that answers one request; 3 by default. */
  readonly streamLength?: number | undefined;
  /** Methods that answer by themselves, in place of the mock's. None by default. */
  readonly handlers?: Partial<H> | undefined;
}

/**
 * A handler of a whole service, made from its contract alone: for frontends that begin before their backend, for tests
 * and demonstrations. Answers are values that the contract allows, the same for the same request and seed: names of
 * enums, one member of each oneof, bounded recursion, texts that suit the names of their fields, and what
 * `(buf.validate.field)` says, whose `example`s come first. Fields that the request has by the same name are repeated.
 *
 * `descriptors` are those of `….desc.ts` (`wirespan generate --reflection`).
 *
 * @example
 * import { usersDescriptors } from "./gen/acme/users/v1/users.desc.js";
 * registerUserService(server, createMockHandler<UserServiceHandler>(UserService, usersDescriptors, { seed: 7 }));
 * @throws {TypeError} for a service whose messages the descriptors do not have.
 */
export function createMockHandler<H extends object>(
  service: ServiceInfo,
  descriptors: readonly string[],
  { seed = 1, streamLength = 3, handlers }: MockOptions<H> = {},
): H {
  const shapes = readShapes(descriptors);
  const values = createValues(shapes);
  const handler: Record<string, unknown> = {};
  for (const [key, method] of Object.entries(service.methods)) {
    const name = method.output.typeName;
    if (shapes.message(name) === undefined) throw new TypeError(`the descriptors have no message ${name}`);
    handler[key] = mockMethod(method, values, sharedFields(shapes, method), String(seed), streamLength);
  }
  // sound because the generated interface has a function per method, of the shape its kind gives
  return { ...(handler as H), ...handlers };
}

/**
 * Values of messages from descriptors: each call gives the next one, the same ones for the same seed.
 *
 * @example
 * const values = createMessageValues(usersDescriptors, { seed: 7 });
 * const user = values.next(User);
 */
export function createMessageValues(
  descriptors: readonly string[],
  { seed = 1 }: { readonly seed?: number | string | undefined } = {},
): { next<T, Init>(type: MessageType<T, Init>): T } {
  const values = createValues(readShapes(descriptors));
  const random = createTestRandom(seed);
  return { next: (type) => type.fromJson(values.message(type.typeName, random), { registry }) };
}

/** What an Any of a mock may hold. */
const registry: TypeRegistry = createRegistry(Duration);

function mockMethod(
  method: MethodInfo,
  values: Values,
  shared: ReadonlySet<string>,
  seed: string,
  streamLength: number,
): unknown {
  const answer = (requests: readonly unknown[], index: number): unknown => {
    // sound because requests of a call are of the method's type
    const input = method.input as MessageType<unknown>;
    const texts = requests.map((request) => jsonText(input, request));
    const random = createTestRandom(hash(`${seed} ${method.path} ${index} ${texts.join()}`));
    const value = values.message(method.output.typeName, random);
    return method.output.fromJson(repeating(value, texts.at(-1), shared), { registry });
  };
  const all = async (requests: AsyncIterable<unknown>): Promise<unknown[]> => {
    const list: unknown[] = [];
    for await (const request of requests) list.push(request);
    return list;
  };
  if (isUnaryOutput(method.kind)) {
    return isUnaryInput(method.kind)
      ? (request: unknown) => answer([request], 0)
      : async (requests: AsyncIterable<unknown>) => answer(await all(requests), 0);
  }
  if (isUnaryInput(method.kind)) {
    return async function* (request: unknown, { signal }: CallContext) {
      for (let i = 0; i < streamLength && !signal.aborted; i++) yield answer([request], i);
    };
  }
  return async function* (requests: AsyncIterable<unknown>) {
    let index = 0;
    for await (const request of requests) yield answer([request], index++);
  };
}

/** A request as text. Its Anys may hold what nobody here knows: then it is one of several that are answered alike. */
function jsonText(type: MessageType<unknown>, request: unknown): string {
  try {
    return type.toJsonString(request, { registry });
  } catch {
    return "";
  }
}

/** The value with what the request says of the same fields: whoever asks for user 7 gets that one. */
function repeating(value: JsonValue, request: string | undefined, shared: ReadonlySet<string>): JsonValue {
  if (request === undefined || request === "" || !isPlain(value)) return value;
  const asked = JSON.parse(request) as JsonValue;
  if (!isPlain(asked)) return value;
  const said = Object.entries(asked).filter(([key]) => shared.has(key));
  return { ...value, ...Object.fromEntries(said) };
}

/** JSON names of the single values that both messages have by the same name and of the same type. */
function sharedFields(shapes: Shapes, { input, output }: MethodInfo): ReadonlySet<string> {
  const simple = (typeName: string): readonly FieldShape[] =>
    (shapes.message(typeName)?.fields ?? []).filter(
      ({ type, repeated, oneof }) => !repeated && oneof === "" && type !== Type.MESSAGE && type !== Type.GROUP,
    );
  const asked = simple(input.typeName);
  const both = simple(output.typeName).filter(({ name, type, typeName }) =>
    asked.some((field) => field.name === name && field.type === type && field.typeName === typeName),
  );
  return new Set(both.map(({ jsonName }) => jsonName));
}

function isPlain(value: JsonValue): value is { [key: string]: JsonValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
