import { expect, test } from "vitest";
import { cli } from "../../support/cli.js";
import { createProject } from "../../support/project.js";

const proto = `syntax = "proto3";
package shop;
import "google/protobuf/timestamp.proto";
message Placed {
  google.protobuf.Timestamp at = 1;
  int64 number = 2;
  Kind kind = 3;
}
enum Kind { KIND_NONE = 0; }
`;

const document = (key: string): string => `asyncapi: 3.0.0
info: { title: T, version: "1" }
servers: { main: { host: localhost, protocol: amqp } }
channels:
  placed:
    address: placed
    messages:
      placed:
        x-key: ${key}
        payload: { $ref: "shop.proto#/shop.Placed" }
`;

test.each([
  ["$message.payload#/at/seconds", "message", ""],
  ["$message.payload#/at/seconds", "date", "E4022"],
  ["$message.payload#/at/nanos", "string", "E4022"],
  ["$message.payload#/kind", "date", ""],
])("an ordering key that is lost is an error: %s with timestamp: %s", async (key, form, code) => {
  const project = createProject({ "shop.proto": proto, "shop.events.yaml": document(key) });
  const run = await cli(project.root, ["generate", "--timestamp", form, "--int64", "number", "--quiet"]);
  expect(/E\d{4}/.exec(run.stderr)?.[0] ?? "").toBe(code);
  expect(run.code).toBe(code === "" ? 0 : 1);
});
