import { expect, test } from "vitest";
import { http } from "../../../src/generators/http/index.js";
import { messages } from "../../../src/generators/messages/index.js";
import { rpc } from "../../../src/generators/rpc/index.js";
import { createGateway, type RouteSet } from "../../../src/runtime/gateway/index.js";
import { emit } from "../../support/emit.js";
import { emittedModules } from "../../support/load-emitted.js";

const proto = `syntax = "proto2"; package a.v1; import "google/api/annotations.proto";
service S { rpc A(stream M) returns (stream M) { option (google.api.http).get = "/v1/{count}"; } }
message M { required string text = 1; required int32 count = 2; }`;

test("M28: an upgrade is refused for what no message can make right, not for what messages are to bring", async () => {
  const { files } = await emit({ "a.proto": proto }, [messages, rpc, http]);
  const { sRoutes } = (await emittedModules(files)("a.http.ts")) as { sRoutes: (backend: object) => RouteSet };
  const gateway = createGateway({ routes: [sRoutes({})] });
  const answer = (url: string): Promise<object> | undefined =>
    gateway.sockets.answer({
      url,
      path: url,
      query: new URLSearchParams(),
      headers: {},
      subprotocols: [],
      remoteAddress: undefined,
      remotePort: undefined,
      secure: false,
    });
  expect(await answer("/v1/7")).toMatchObject({ accept: true });
  expect(await answer("/v1/7?count=8")).toMatchObject({ accept: true });
  expect(await answer("/v1/7?nobody=8")).toMatchObject({ accept: false, status: 400 });
  expect(answer("/v2/7")).toBeUndefined();
});
