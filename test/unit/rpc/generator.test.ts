import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { format } from "prettier";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { messages } from "../../../src/generators/messages/index.js";
import { rpc } from "../../../src/generators/rpc/index.js";
import { compile, compilers, resolutions, root } from "../../support/compile.js";
import { emit } from "../../support/emit.js";

async function emitRpc(proto: string): Promise<string> {
  const { files, diagnostics } = await emit({ "acme/user.proto": proto }, [messages, rpc]);
  expect(diagnostics).toEqual([]);
  return files.get("acme/user.rpc.ts") ?? "";
}

const users = `syntax = "proto3";
package acme.v1;
import "wirespan/options.proto";
message GetUserRequest { string id = 1; }
message User { string id = 1; }

// Everything about users.
service UserService {
  // One user by id.
  rpc GetUser(GetUserRequest) returns (User) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (wirespan.options.v1.method) = {
      timeout { seconds: 2 }
      retry { max_attempts: 3 codes: UNAVAILABLE codes: ABORTED }
    };
  }
  rpc WatchUsers(GetUserRequest) returns (stream User); // As they change.
  rpc ImportUsers(stream User) returns (User) { option deprecated = true; }
  rpc Sync(stream User) returns (stream User);
}
enum UserError {
  option (wirespan.options.v1.enum).errors = { domain: "users.acme.example" };
  NONE = 0;
  // No user has this id.
  USER_NOT_FOUND = 1 [(wirespan.options.v1.enum_value).error = { code: NOT_FOUND message: "there is no user {id}" }];
  EMAIL_TAKEN = 2 [deprecated = true, (wirespan.options.v1.enum_value).error = { code: ALREADY_EXISTS }];
}`;

/** Names that JavaScript, TypeScript or the emitted file itself use. */
const hostile = `syntax = "proto3";
package acme.v1;
import "wirespan/options.proto";
message Promise {} message Error {} message Date {} message C {} message NoInfer {} message CallOptions {}
message Outer { message AVeryLongNestedMessageNameThatGoesOn { message AndHereIsAnotherOneThatIsLong {} } }
// Comment */ export const evil = 1; /*
service UserService {
  // */ alert(1) /*
  rpc Constructor(Promise) returns (C);
  rpc toString(stream Promise) returns (Error);
  rpc __proto__(Promise) returns (stream Date);
  rpc new(stream NoInfer) returns (stream CallOptions);
  rpc Then(Promise) returns (C);
  rpc GetUser(Promise) returns (C);
  rpc get_user(Promise) returns (C);
  rpc delete(Promise) returns (C);
  rpc AMethodWhoseNameIsSoLongThatItFitsOnNoLineAtAllWhateverOneDoesToIt(
    Outer.AVeryLongNestedMessageNameThatGoesOn.AndHereIsAnotherOneThatIsLong
  ) returns (stream Outer.AVeryLongNestedMessageNameThatGoesOn.AndHereIsAnotherOneThatIsLong);
}
service AsyncIterable { rpc Next(C) returns (stream Promise); }
service Object { rpc Get(stream C) returns (Promise); }
service options { rpc Get(C) returns (C); }
service Transport { rpc Get(C) returns (C); }
service MethodInfo {}
service UserServiceClient { rpc Get(C) returns (C); }
// Comment */ export const evil = 2; /*
enum Failure {
  option (wirespan.options.v1.enum).errors = { domain: "\\"*/" };
  NONE = 0;
  DELETE = 1 [(wirespan.options.v1.enum_value).error = { code: ABORTED message: "\\"\${x}\\n*/ {constructor} {error} {metadata}" }]; // */ alert(2) /*
  RPC_ERROR = 2 [(wirespan.options.v1.enum_value).error = { code: ABORTED }];
  CODE = 3 [(wirespan.options.v1.enum_value).error = { code: ABORTED }];
  CREATE_DECLARED_ERROR = 4 [(wirespan.options.v1.enum_value).error = { code: ABORTED }];
  IS_CODE = 5 [(wirespan.options.v1.enum_value).error = { code: ABORTED }];
  OPTIONS = 6 [(wirespan.options.v1.enum_value).error = { code: ABORTED }];
  METADATA = 7 [(wirespan.options.v1.enum_value).error = { code: ABORTED }];
  A_NAME_WHOSE_LENGTH_IS_SUCH_THAT_NO_FUNCTION_OF_IT_FITS_A_LINE = 8 [(wirespan.options.v1.enum_value).error = { code: RESOURCE_EXHAUSTED }];
}`;

describe("what is emitted", () => {
  test("nothing without services", async () => {
    const { files } = await emit({ "a.proto": 'syntax = "proto3"; message A {}' }, [messages, rpc]);
    expect([...files.keys()]).toEqual(["a.pb.ts"]);
  });

  test("the contract as data, policy included", async () => {
    const text = await emitRpc(users);
    expect(text).toContain(`    getUser: {
      name: "GetUser",
      service: "acme.v1.UserService",
      path: "/acme.v1.UserService/GetUser",
      kind: "unary",
      input: GetUserRequest,
      output: User,
      idempotency: "no_side_effects",
      policy: {
        timeoutMs: 2000,
        retry: {
          maxAttempts: 3,
          initialBackoffMs: 100,
          backoffMultiplier: 2,
          maxBackoffMs: 1000,
          codes: [14, 10],
        },
      },
    },
`);
    expect(text).toContain(`readonly getUser: MethodInfo<
      GetUserRequest,
      GetUserRequestInit,
      User,
      UserInit
    >;`);
  });

  test("M20: errors of the contract: a constructor and a guard each, beside the services", async () => {
    const text = await emitRpc(users);
    expect(text).toContain(`const userNotFoundError: ErrorDeclaration = {
  reason: "USER_NOT_FOUND",
  domain: "users.acme.example",
  code: Code.NOT_FOUND,
  message: "there is no user {id}",
};

/**
 * No user has this id.
 *
 * A call that fails with it has the status NOT_FOUND.
 */
export function userNotFound(
  metadata: ErrorMetadata & { readonly id: string },
  options?: DeclaredErrorOptions,
): RpcError {
  return createDeclaredError(userNotFoundError, metadata, options);
}

/** True for {@link userNotFound}, whoever made it. */
export function isUserNotFound(error: unknown): error is DeclaredError {
  return isDeclaredError(error, userNotFoundError);
}
`);
    expect(text).toContain("export function emailTaken(\n  metadata?: ErrorMetadata,");
  });

  test("M20: a file without services has its errors in a file of their own", async () => {
    const proto = users.replace(/\/\/ Everything[\s\S]*?\n\}\nenum/, "enum");
    const { files, diagnostics } = await emit({ "acme/user.proto": proto }, [messages, rpc]);
    expect(diagnostics).toEqual([]);
    expect([...files.keys()]).toEqual(["acme/user.pb.ts", "acme/user.errors.ts"]);
    expect(files.get("acme/user.errors.ts")).toContain("export function isEmailTaken(");
  });

  test("M64: descriptors on request alone, in a file that nothing imports", async () => {
    expect([...(await emit({ "a.proto": users }, [messages, rpc])).files.keys()]).toEqual(["a.pb.ts", "a.rpc.ts"]);
    const { files } = await emit({ "acme/user-api.proto": users }, [messages, rpc], { reflection: true });
    const text = files.get("acme/user-api.desc.ts") ?? "";
    expect(text).toContain("export const userApiDescriptors: readonly string[] = [");
    expect(await format(text, { parser: "typescript" })).toBe(text);
    expect([...text.matchAll(/^ {2}\/\/ (.*)$/gm)].map(([, path]) => path)).toEqual([
      "google/protobuf/descriptor.proto",
      "google/protobuf/duration.proto",
      "google/rpc/code.proto",
      "wirespan/options.proto",
      "acme/user-api.proto",
    ]);
    expect([...files].filter(([, content]) => content.includes(".desc.js"))).toEqual([]);
  });

  test("M2: the four modes, comments kept", async () => {
    const text = await emitRpc(users);
    expect(text).toContain(`/** Everything about users. */
export interface UserServiceClient {
  /** One user by id. */
  getUser(request: GetUserRequestInit, options?: CallOptions): Promise<User>;
  /** As they change. */
  watchUsers(
    request: GetUserRequestInit,
    options?: CallOptions,
  ): AsyncIterable<User>;
  /** @deprecated */
  importUsers(
    requests: MessagesInput<UserInit>,
    options?: CallOptions,
  ): Promise<User>;
  sync(
    requests: MessagesInput<UserInit>,
    options?: CallOptions,
  ): AsyncIterable<User>;
}
`);
    expect(text).toContain(`export interface UserServiceHandler<C = {}> {
  /** One user by id. */
  readonly getUser: (
    request: GetUserRequest,
    context: CallContext & C,
  ) => Awaitable<UserInit>;
`);
    expect(text).toContain(
      "requests: AsyncIterable<User>,\n    context: CallContext & C,\n  ) => AsyncIterable<UserInit>;",
    );
  });

  test("M10: client, server and chain", async () => {
    const text = await emitRpc(users);
    expect(text).toContain(`export function createUserServiceClient(
  transport: Transport,
  options?: ClientOptions<keyof typeof UserService.methods>,
): UserServiceClient {
  return createServiceClient(UserService, transport, options);
}`);
    expect(text).toContain(`export function registerUserService<C>(
  registry: ServiceRegistry,
  handler: UserServiceHandler<NoInfer<C>>,
  options: ServeOptions<C>,
): void;`);
    expect(text).toContain(`export function userServiceChain(): ServiceChain<
  {},
  keyof typeof UserService.methods
> {
  return serviceChain(UserService);
}`);
  });

  test("names that clash get a suffix, in schema order", async () => {
    const text = await emitRpc(hostile);
    const keys = [...text.matchAll(/^ {4}([\w$]+): \{\n {6}name: "(\w+)",\n {6}service: "acme.v1.UserService"/gm)];
    expect(keys.map(([, key, name]) => `${name} ${key}`).slice(0, 8)).toEqual([
      "Constructor constructor$",
      "toString toString$",
      "__proto__ proto",
      "new new$",
      "Then then$",
      "GetUser getUser",
      "get_user getUser$",
      "delete delete",
    ]);
    expect(text).not.toMatch(/^export const evil/m);
  });
});

/** What users write against it; each @ts-expect-error is a mistake that must stay one. */
const program = `import { auth, logging } from "@wirespan/runtime/interceptors";
import { chain, type CallContext, type Chain, type Interceptor } from "@wirespan/runtime/rpc";
import { createMemoryTransport } from "@wirespan/runtime/transports/memory";
import type { User, UserInit } from "./users/user.pb.js";
import {
  createUserServiceClient, emailTaken, isUserNotFound, registerUserService, userNotFound, userServiceChain,
  type UserServiceHandler,
} from "./users/user.rpc.js";

const transport = createMemoryTransport();
const rest: Omit<UserServiceHandler, "getUser"> = {
  async *watchUsers({ id }, { signal }) {
    while (!signal.aborted) yield { id };
  },
  async importUsers(users) {
    let last: User | undefined;
    for await (const user of users) last = user;
    return last ?? {};
  },
  sync: (users) => users,
};
registerUserService(transport, { ...rest, getUser: ({ id }) => ({ id }) });
const layers = userServiceChain()
  .use(logging(), ["getUser", "sync"])
  .use(auth({ verify: async (token: string) => ({ user: token }) }));
registerUserService(transport, { ...rest, getUser: async (_, { user }) => ({ id: user }) }, { chain: layers });
// @ts-expect-error: there is no such method
userServiceChain().use(logging(), "getUsers");
createUserServiceClient(transport, { timeoutMs: { getUser: 500 } });
// @ts-expect-error: nor such a one to limit
createUserServiceClient(transport, { timeoutMs: { getUsers: 500 } });
// @ts-expect-error: nobody adds the user
registerUserService(transport, { ...rest, getUser: (_, { user }) => ({ id: user }) }, { chain: userServiceChain() });
// @ts-expect-error: a method is missing
registerUserService(transport, rest);

// layers know what those outside of them add, in chains that are written down and in those that are not
const log: Interceptor = async (call, next) => {
  const reply = await next(call);
  void reply.done.then(({ code }) => code);
  return reply;
};
const user: Interceptor<{ user: string }> = async (call, next) => next(call.with({ user: "u" }));
const quota: Interceptor<{ quota: number }, { user: string }> = async (call, next) =>
  next(call.with({ quota: call.context.user.length }));
const all: Chain<{ user: string } & { quota: number }> = chain().use(log).use(user).use(quota).use(log);
registerUserService(transport, { ...rest, getUser: (_, c) => ({ id: c.user + c.quota }) }, { chain: all });
class Service {
  async getUser(_request: object, c: CallContext & { user: string }): Promise<UserInit> { return { id: c.user }; }
  async *watchUsers(): AsyncGenerator<UserInit> {}
  importUsers(): UserInit { return {}; }
  async *sync(): AsyncGenerator<UserInit> {}
}
registerUserService(transport, new Service(), { chain: all });
registerUserService(transport, new Service(), { chain: userServiceChain().use(log, "getUser").use(user) });
// @ts-expect-error: a class that needs a user, and no chain
registerUserService(transport, new Service());
// @ts-expect-error: one that does not add it
registerUserService(transport, new Service(), { chain: chain().use(log) });
// @ts-expect-error: for some methods only
registerUserService(transport, new Service(), { chain: userServiceChain().use(user, ["getUser"]) });
// @ts-expect-error: nobody outside of it adds the user
chain().use(quota).use(user);
// @ts-expect-error: it promises a user and adds none
export const lazy: Interceptor<{ user: string }> = async (call, next) => next(call);
// @ts-expect-error: every context has a deadline of its own
export const forged: Interceptor = async (call, next) => next(call.with({ deadline: 1 }));

const client = createUserServiceClient(transport, { timeoutMs: { getUser: 500 } });
const one: User = await client.getUser({ id: "1" }, { timeoutMs: 100, metadata: { "x-a": ["1", "2"] } });
for await (const user of client.watchUsers({})) user.id satisfies string;
await client.importUsers([one, { id: "2" }]);
for await (const user of client.sync(client.watchUsers({}))) user.id satisfies string;
const failure: unknown = userNotFound({ id: "1", realm: "x" }, { cause: one });
if (isUserNotFound(failure)) failure.info.metadata["id"] satisfies string | undefined;
else failure satisfies unknown;
export const thrown: Error = emailTaken();
// @ts-expect-error: the message needs an id
userNotFound({});
// @ts-expect-error: metadata is text
userNotFound({ id: 1 });
// @ts-expect-error: no such field
await client.getUser({ name: "ada" });
// @ts-expect-error: a stream is no promise
(await client.watchUsers({})).id;
`;

describe("M17: it compiles", () => {
  let scratch: string;
  beforeAll(async () => {
    await mkdir(join(root, "node_modules/.cache"), { recursive: true });
    scratch = await mkdtemp(join(root, "node_modules/.cache/rpc-"));
    const sources = { "users/user.proto": users, "hostile/user.proto": hostile.replaceAll("acme.v1", "acme.v2") };
    const { files } = await emit(sources, [messages, rpc]);
    for (const [path, content] of [...files, ["program.ts", program] as const]) {
      await mkdir(dirname(join(scratch, path)), { recursive: true });
      await writeFile(join(scratch, path), content);
    }
  });
  afterAll(() => rm(scratch, { recursive: true, force: true }));

  for (const compiler of compilers) {
    for (const resolution of resolutions) {
      test(`M17: TypeScript ${compiler.version}, ${resolution.moduleResolution}`, { timeout: 60_000 }, async () => {
        expect(await compile(scratch, [`${scratch}/**/*.ts`], { compiler, resolution })).toBe("");
      });
    }
  }
});

describe("M62: it is formatted", () => {
  test.each([
    ["users", users],
    ["hostile", hostile],
    ["empty", 'syntax = "proto3"; service Empty {}'],
  ])("M62: %s", async (_, proto) => {
    const text = await emitRpc(proto);
    expect(await format(text, { parser: "typescript" })).toBe(text);
  });

  test("M62: whatever the lengths of names", async () => {
    const lengths = Array.from({ length: 30 }, (_, i) => 1 + 2 * i);
    const services = lengths.map((length) => {
      const a = "A".padEnd(length, "b");
      return `message M${a} {}
        service S${a} {
          rpc ${a}(M${a}) returns (M${a}) { option (wirespan.options.v1.method) = { timeout { seconds: ${length} } }; }
          rpc X${a}(stream M${a}) returns (stream Other);
        }`;
    });
    const errors = lengths.map((length, i) => {
      const error = `code: ABORTED message: "${"x".repeat(length)} {k${"y".repeat(length)}}${i % 2 === 0 ? " {other}" : ""}"`;
      return `${"N".padEnd(length + 2, "AB")} = ${i + 1} [(wirespan.options.v1.enum_value).error = { ${error} }];`;
    });
    const domain = "option (wirespan.options.v1.enum).errors = {};";
    const text = await emitRpc(
      `syntax = "proto3"; package p; import "wirespan/options.proto"; message Other {} ${services.join("\n")}
      enum E { ${domain} NONE = 0; ${errors.join("\n")} }`,
    );
    expect(await format(text, { parser: "typescript" })).toBe(text);
  });
});
