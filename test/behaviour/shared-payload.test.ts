import { describe, expect, test } from "vitest";
import { createMemoryBroker } from "@wirespan/runtime/brokers/memory";
import type { PayloadType } from "@wirespan/runtime/wire";
import type { Broker, Consumer, MessageHandler } from "@wirespan/runtime/queue";
import type { ServiceInfo } from "@wirespan/runtime/rpc";
import { cli } from "../support/cli.js";
import { emittedModules } from "../support/load-emitted.js";
import { createProject, type Project } from "../support/project.js";

const proto = (field: string): string => `
syntax = "proto3";
package acme;
message UserCreated { string id = 1; string ${field} = 2; }
service Users { rpc Replay(UserCreated) returns (UserCreated); }
`;
const events = `
asyncapi: 3.0.0
info: { title: Users, version: 1.0.0 }
servers: { main: { host: localhost, protocol: amqp } }
channels:
  user.created:
    address: user.created
    messages: { created: { payload: { $ref: "acme/user.proto#/acme.UserCreated" } } }
operations:
  welcome: { action: receive, channel: { $ref: "#/channels/user.created" }, x-dead-letter: {} }
`;

async function generate(project: Project): Promise<Map<string, string>> {
  const { code, stderr } = await cli(project.root, ["generate", "--include", ".", "--out", "gen"]);
  expect(code, stderr).toBe(0);
  return new Map(project.list("gen").map((path) => [path, project.read(`gen/${path}`)]));
}

interface Events {
  readonly userCreated: { readonly message: PayloadType<unknown, unknown> };
  readonly publishUserCreated: (broker: Broker, message: unknown) => Promise<unknown>;
  readonly consumeUserCreated: (broker: Broker, handler: MessageHandler<unknown>) => Promise<Consumer>;
}

describe("F1: a proto message as the payload of an event", () => {
  test("is the very codec object of the RPC contract", async () => {
    const load = emittedModules(
      await generate(createProject({ "acme/user.proto": proto("email"), "users.events.yaml": events })),
    );
    const messages = (await load("acme/user.pb.ts")) as { UserCreated: PayloadType<unknown, unknown> };
    const { Users } = (await load("acme/user.rpc.ts")) as { Users: ServiceInfo };
    const { userCreated } = (await load("users.events.ts")) as unknown as Events;
    expect(userCreated.message).toBe(messages.UserCreated);
    expect(Users.methods["replay"]?.input).toBe(messages.UserCreated);
  });

  test.each(["application/protobuf", "application/json"])("M35 the handler is the same for %s", async (contentType) => {
    const document = events.replace("created: {", `created: { contentType: ${contentType},`);
    const load = emittedModules(
      await generate(createProject({ "acme/user.proto": proto("email"), "users.events.yaml": document })),
    );
    const { publishUserCreated, consumeUserCreated } = (await load("users.events.ts")) as unknown as Events;
    const broker = createMemoryBroker();
    const arrived = new Promise<unknown>((resolve) => {
      void consumeUserCreated(broker, async (message, { body, contentType }) =>
        resolve({ message, contentType, text: Buffer.from(body).toString("latin1") }),
      ).then(() => publishUserCreated(broker, { id: "u1" }));
    });
    const text = contentType === "application/json" ? '{"id":"u1"}' : "\n\u0002u1";
    expect(await arrived).toEqual({ message: { id: "u1", email: "" }, contentType, text });
    await broker.close();
  });

  test("a renamed field is renamed on both sides", async () => {
    const project = createProject({ "acme/user.proto": proto("email"), "users.events.yaml": events });
    expect((await generate(project)).get("acme/user.pb.ts")).toMatch(/email: string/);
    project.write("acme/user.proto", proto("mail_address"));
    const files = await generate(project);
    expect(files.get("acme/user.pb.ts")).toMatch(/mailAddress: string/);
    expect(files.get("users.events.ts")).toMatch(
      /import \{ UserCreated, type UserCreatedInit \} from "\.\/acme\/user\.pb\.js"/,
    );
    expect(files.get("users.events.ts")).not.toMatch(/interface UserCreated/);
  });
});
