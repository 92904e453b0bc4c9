import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ValueForms } from "../../../src/model/index.js";
import { createGateway } from "../../../src/runtime/gateway/index.js";
import { type Emitted, createUsers, emitUsers, serveGateway } from "./users.js";

const at = "2026-01-02T03:04:05.500Z";

/** The same request as programs have it in each form. */
const cases: readonly { readonly forms: Partial<ValueForms>; readonly request: object }[] = [
  {
    forms: {},
    request: { kinds: [1, 2, 9], since: { seconds: 1767323045n, nanos: 500_000_000 }, minLogins: -5n },
  },
  {
    forms: { int64: "number", timestamp: "date", enums: "string" },
    request: { kinds: ["ADMIN", "GUEST", 9], since: new Date(at), minLogins: -5 },
  },
  {
    forms: { int64: "string", timestamp: "string", enums: "string" },
    request: { kinds: ["ADMIN", "GUEST", 9], since: at, minLogins: "-5" },
  },
];

describe.each(cases)("M46: requests with $forms", ({ forms, request }) => {
  const users = createUsers();
  let emitted: Emitted;
  let url: string;
  let close: () => Promise<void>;

  beforeAll(async () => {
    emitted = await emitUsers(forms);
    ({ url, close } = await serveGateway(createGateway({ routes: [emitted.routes(users.handler)] })));
  });
  afterAll(() => close());

  test("URLs hold what JSON holds, whatever programs hold", async () => {
    const query = `kinds=KIND_ADMIN&kinds=2&kinds=9&since=${at}&minLogins=-5`;
    expect((await fetch(`${url}/api/v1/users?${query}`)).status).toBe(200);
    expect(users.seen.at(-1)?.request).toMatchObject(request);
    for (const wrong of ["kinds=ADMIN", "since=yesterday", "minLogins=many"]) {
      expect((await fetch(`${url}/api/v1/users?${wrong}`)).status, wrong).toBe(400);
    }
  });

  test("the REST client sends the same", async () => {
    await emitted.createRestClient(url).findUsers(request);
    expect(users.seen.at(-1)?.request).toMatchObject(request);
  });
});
