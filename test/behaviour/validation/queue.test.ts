import { expect, test } from "vitest";
import { createMemoryBroker } from "../../../src/runtime/brokers/memory.js";
import {
  deadHeaders,
  type Broker,
  type Consumer,
  type ConsumeOptions,
  type ConsumerEvent,
  type MessageHandler,
  type OutgoingMessage,
} from "../../../src/runtime/queue/index.js";
import { cli } from "../../support/cli.js";
import { emittedModules } from "../../support/load-emitted.js";
import { createProject } from "../../support/project.js";
import { createFakeClock, deadLetters } from "../../unit/queue/support.js";

const proto = `syntax = "proto3";
package acme;
import "buf/validate/validate.proto";
message UserCreated {
  string id = 1 [(buf.validate.field).string.min_len = 3];
  repeated Contact contacts = 2;
}
message Contact { string email = 1 [(buf.validate.field).string.email = true]; }
`;
const document = `
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

interface Emitted {
  readonly userCreated: { readonly consumer: { readonly group: string } };
  readonly publishUserCreated: (broker: Broker, message: object) => Promise<unknown>;
  readonly consumeUserCreated: (
    broker: Broker,
    handler: MessageHandler<unknown>,
    options?: ConsumeOptions,
  ) => Promise<Consumer>;
}

test(
  "M74: an invalid message of a queue is dead-lettered without another attempt, and not published",
  { timeout: 60_000 },
  async () => {
    const project = createProject({ "acme/user.proto": proto, "users.events.yaml": document });
    const { code, stderr } = await cli(project.root, ["generate", "--include", ".", "--out", "gen"]);
    expect(code, stderr).toBe(0);
    const load = emittedModules(new Map(project.list("gen").map((path) => [path, project.read(`gen/${path}`)])));
    const { userCreated, publishUserCreated, consumeUserCreated } = (await load(
      "users.events.ts",
    )) as unknown as Emitted;
    const { UserCreated } = (await load("acme/user.pb.ts")) as { UserCreated: { encode(message: object): Uint8Array } };

    const clock = createFakeClock();
    const broker = createMemoryBroker({ clock, random: () => 0.5 });
    const seen: unknown[] = [];
    const told: ConsumerEvent[] = [];
    await consumeUserCreated(broker, async (message) => void seen.push(message), {
      retry: { maxAttempts: 5, quick: 2, delaysMs: [1_000] },
      onEvent: (event) => void told.push(event),
    });

    const bad = { id: "ab", contacts: [{ email: "ada@example.com" }, { email: "nobody" }] };
    await expect(publishUserCreated(broker, bad)).rejects.toMatchObject({
      code: "invalid",
      issues: [
        { path: "id", message: "must be at least 3 characters" },
        { path: "contacts[1].email", message: "must be a valid email address" },
      ],
    });
    await publishUserCreated(broker, { ...bad, id: "abc", contacts: [] });
    // somebody else's publisher, which checks nothing
    const foreign: OutgoingMessage = {
      address: "user.created",
      id: "7",
      headers: {},
      contentType: "application/protobuf",
      body: UserCreated.encode(bad),
    };
    expect(await broker.publish([foreign])).toMatchObject([{ ok: true }]);
    await clock.pass(60_000);

    expect(seen).toMatchObject([{ id: "abc" }]);
    const letters = await deadLetters(broker, `user.created.${userCreated.consumer.group}.dead`);
    expect(letters.map(({ id, headers }) => [id, headers[deadHeaders.attempts]])).toEqual([["7", "1"]]);
    expect(letters[0]?.headers[deadHeaders.reason]).toContain("contacts[1].email must be a valid email address");
    expect(told.filter(({ kind }) => kind === "attempt").length).toBe(1);
  },
);
