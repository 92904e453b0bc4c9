import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createGateway } from "../../../src/runtime/gateway/index.js";
import { RestCode, isRestError } from "../../../src/runtime/rest/index.js";
import { type Emitted, type RestUsers, createUsers, emitUsers, serveGateway } from "./users.js";

let emitted: Emitted;
let url: string;
let close: () => Promise<void>;
let client: RestUsers;
let users: ReturnType<typeof createUsers>;

beforeAll(async () => {
  emitted = await emitUsers();
});

beforeEach(async () => {
  await close?.();
  users = createUsers();
  ({ url, close } = await serveGateway(createGateway({ routes: [emitted.routes(users.handler)] })));
  client = emitted.createRestClient(url, { headers: () => ({ authorization: "Bearer t" }) });
});

afterAll(() => close());

async function failure(promise: Promise<unknown>): Promise<object> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isRestError(error)) throw new Error(`expected a RestError, got ${String(error)}`);
  const { code, status, message, details } = error;
  return { code, status, message, details };
}

describe("M52: the REST client against the gateway", () => {
  test("M45: creates, and tells status and headers of the response", async () => {
    const heads: unknown[] = [];
    const user = await client.createUser(
      { name: "Ada", tags: ["x"], extra: { fields: {} } },
      { onResponse: ({ status, headers }) => heads.push([status, headers.get("location")]) },
    );
    expect(user).toMatchObject({ id: "7/ä", name: "Ada", tags: ["x"], logins: 9007199254740993n });
    expect(heads).toEqual([[201, "/api/v1/users/7/%C3%A4"]]);
    expect(users.seen[0]?.context.metadata.get("authorization")).toBe("Bearer t");
  });

  test("M46: every kind of field goes into path and query and comes out the same", async () => {
    const id = "a/b ?&=%#ü+☺";
    expect(await client.getUser({ id, name: "x & y=+%" })).toMatchObject({ id, name: "x & y=+%" });
    const request = {
      filter: { text: "a b", inner: { inner: { text: "c+d" } } },
      kinds: [1, 2],
      since: { seconds: 1767323045n, nanos: 500_000_000 },
      active: true,
      minLogins: -9007199254740993n,
      tags: ["a", "b&c"],
      maybe: "",
      token: new Uint8Array([0xfb, 0xff]),
    };
    await client.findUsers(request);
    expect(users.seen.at(-1)?.request).toMatchObject(request);
  });

  test.each(["..", ".", "a/..", "../b"])("an id cannot lead to another resource: %s", async (id) => {
    const before = users.seen.length;
    await expect(client.getUser({ id })).rejects.toMatchObject({ name: "RestError", code: RestCode.INVALID_ARGUMENT });
    await expect(client.updateUser({ user: { name: `users/${id}` } })).rejects.toMatchObject({ name: "RestError" });
    expect(users.seen.length, "nothing was sent").toBe(before);
  });

  test("body fields, resource names, response fields, empty bodies, bytes", async () => {
    const request = { user: { name: "users/3", logins: 5n }, upsert: true };
    expect(await client.updateUser(request)).toMatchObject({ name: "users/3", logins: 5n });
    expect(users.seen.at(-1)?.request).toMatchObject({ upsert: true });
    expect(await client.listTags({ id: "1" })).toMatchObject({ id: "", tags: [] });
    expect(await client.deleteUser({ id: "1" })).toEqual({});
    const image = await client.getImage({ id: "1" });
    expect([image.contentType, [...image.data]]).toEqual(["image/png", [0x89, 0x50, 0, 0xff]]);
    const data = new Uint8Array(70_000).fill(7);
    const put = await client.putImage({ id: "1", image: { contentType: "image/webp", data } });
    expect(put).toMatchObject({ name: "image/webp", tags: ["70000"] });
  });

  test("streams either way", async () => {
    const ids: string[] = [];
    for await (const { id } of client.watchUsers({ count: 3 })) ids.push(id);
    expect(ids).toEqual(["0", "1", "2"]);
    expect(await client.importUsers([{ name: "a" }, { name: "ü\n" }])).toMatchObject({ tags: ["a", "ü\n"] });
  });

  test("bytes as streams", async () => {
    const image = { contentType: "image/webp", data: new Uint8Array(3000) };
    const sent = await client.sendImage([
      { id: "5", image },
      { id: "5", image },
    ]);
    expect(sent).toMatchObject({ id: "5", name: "image/webp", tags: ["6000"] });
    const bytes: number[] = [];
    for await (const { contentType, data } of client.loadImage({ id: "5" })) {
      expect(contentType).toBe("image/gif");
      bytes.push(...data);
    }
    expect(bytes).toEqual([1, 2, 3]);
  });

  test("errors carry code, message, details and the HTTP status", async () => {
    expect(await failure(client.getUser({ id: "missing" }))).toEqual({
      code: RestCode.NOT_FOUND,
      status: 404,
      message: "there is no such user",
      details: [],
    });
    const read = async (): Promise<void> => {
      for await (const _ of client.watchUsers({ count: 3, failAfter: 1 })) continue;
    };
    expect(await failure(read())).toMatchObject({ code: RestCode.ABORTED, message: "gave up" });
  });

  test("what no URL can hold is refused here, not lost", async () => {
    expect(await failure(client.getUser({ id: "" }))).toMatchObject({ code: 3, status: 0 });
    expect(await failure(client.updateUser({ user: { name: "people/3" } }))).toMatchObject({
      code: 3,
      message: expect.stringContaining("users/*") as string,
    });
    expect(await failure(client.findUsers({ labels: { a: "b" } }))).toMatchObject({ code: 3 });
    expect(users.seen).toEqual([]);
  });

  test("leaving a stream early cancels the call", async () => {
    for await (const _ of client.watchUsers({ count: 1, forEver: true })) break;
    expect(await users.ended).toBe("aborted");
  });

  test("deadlines, cancellation, a server that is not there, an answer of something else", async () => {
    expect(await failure(client.getUser({ id: "slow" }, { timeoutMs: 30 }))).toMatchObject({ code: 4, status: 0 });
    expect(await users.ended).toBe("aborted");
    const controller = new AbortController();
    const pending = client.getUser({ id: "slow" }, { signal: controller.signal });
    controller.abort();
    expect(await failure(pending)).toMatchObject({ code: 1, status: 0 });
    const nobody = emitted.createRestClient("http://127.0.0.1:1");
    expect(await failure(nobody.getUser({ id: "1" }))).toMatchObject({ code: 14, status: 0 });
    const proxy = emitted.createRestClient("http://proxy", {
      fetch: async () => new Response("<html>bad gateway</html>", { status: 502 }),
    });
    expect(await failure(proxy.getUser({ id: "1" }))).toMatchObject({ code: 14, status: 502 });
    const liar = emitted.createRestClient("http://liar", { fetch: async () => new Response("[]") });
    expect(await failure(liar.getUser({ id: "1" }))).toMatchObject({ code: 13 });
  });

  test("fields of a newer server are skipped unless the program wants none", async () => {
    const answer = async (): Promise<Response> => new Response('{"id":"1","newer":true}');
    const lenient = emitted.createRestClient("http://x/base/", { fetch: answer });
    expect(await lenient.getUser({ id: "1" })).toMatchObject({ id: "1" });
    const strict = emitted.createRestClient("http://x", { fetch: answer, ignoreUnknownFields: false });
    expect(await failure(strict.getUser({ id: "1" }))).toMatchObject({ code: 13 });
  });

  test("the base URL's path stays in front", async () => {
    const urls: string[] = [];
    const noting = emitted.createRestClient("http://x/base/", {
      fetch: async (target) => {
        urls.push(target);
        return new Response("{}");
      },
    });
    await noting.getUser({ id: "1", name: "n" });
    expect(urls).toEqual(["http://x/base/api/v1/users/1?name=n"]);
  });

  test("imports nothing of a server", () => {
    const text = emitted.files.get("users.rest.ts") ?? "";
    const specifiers = [...text.matchAll(/from "([^"]+)"/g)].map(([, specifier]) => specifier);
    expect(specifiers.filter((specifier) => !/\/(rest|wkt)$|\.pb\.js$/.test(specifier ?? ""))).toEqual([]);
  });
});
