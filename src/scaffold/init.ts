import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** What `init` did. Paths are relative to the folder, with `/`. */
export interface InitResult {
  readonly created: readonly string[];
  /** Existed already and were left alone. */
  readonly kept: readonly string[];
}

/** Writes the starter project into a folder. Files that exist stay as they are. */
export async function initProject(folder: string): Promise<InitResult> {
  const created: string[] = [];
  const kept: string[] = [];
  for (const [path, content] of starterFiles) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    try {
      await writeFile(target, content, { flag: "wx" });
      created.push(path);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
      kept.push(path);
    }
  }
  return { created, kept };
}

const config = `import { defineConfig } from "wirespan";

export default defineConfig({
  inputs: ["contracts"],
  include: ["contracts"],
  out: "src/gen",
});
`;

const proto = `syntax = "proto3";

package hello.v1;

${["google/api/annotations.proto", "wirespan/options.proto"].map((path) => `import "${path}";`).join("\n")}

// Greets people.
service HelloService {
  // Greets one person, and tells everybody who listens to \`hello.greeted\`.
  rpc Greet(GreetRequest) returns (GreetResponse) {
    option (google.api.http) = {
      post: "/api/v1/greetings"
      body: "*"
    };
    // 201, and where the new greeting is
    option (wirespan.options.v1.method) = {
      http: {success_status: 201, location: "/api/v1/greetings/{id}"}
    };
  }

  // The greeting of that id.
  rpc GetGreeting(GetGreetingRequest) returns (GreetResponse) {
    option (google.api.http) = {
      get: "/api/v1/greetings/{id}"
    };
  }
}

message GreetRequest {
  // Whom to greet.
  string name = 1;
}

message GetGreetingRequest {
  string id = 1;
}

message GreetResponse {
  string id = 1;
  string text = 2;
}

// Somebody was greeted. The event \`hello.greeted\` carries it.
message Greeted {
  string id = 1;
  string name = 2;
}
`;

const events = `asyncapi: 3.0.0
info:
  title: Hello events
  version: 1.0.0
  description: What happens in the hello service.

servers:
  local:
    host: localhost:5672
    protocol: amqp
    description: RabbitMQ on this machine.

channels:
  hello.greeted:
    address: hello.greeted
    description: One message per greeting.
    messages:
      greeted:
        summary: Somebody was greeted.
        contentType: application/protobuf
        payload:
          # the very message of the proto: one type, one codec
          $ref: "hello/v1/hello.proto#/hello.v1.Greeted"

operations:
  announceGreeting:
    action: send
    channel:
      $ref: "#/channels/hello.greeted"
  countGreetings:
    action: receive
    channel:
      $ref: "#/channels/hello.greeted"
    x-retry:
      maxAttempts: 3
      delays: [PT1S, PT5S]
    x-dead-letter: {}
`;

/** Path and content of every file, in the order in which they are told. */
export const starterFiles: readonly (readonly [string, string])[] = [
  ["wirespan.config.ts", config],
  ["contracts/hello/v1/hello.proto", proto],
  ["contracts/hello.events.yaml", events],
];
