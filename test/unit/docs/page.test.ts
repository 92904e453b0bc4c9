import { createHash } from "node:crypto";
import { Script } from "node:vm";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { pageScript, themeScript } from "../../../src/generators/docs/page-script.js";
import { corpus, haveCorpus } from "../../support/corpus.js";
import { anchorErrors, between, modelOfFolder, nestingErrors, pageOf, pageOfModel, visibleText } from "./support.js";

const shopProto = `syntax = "proto3";

// Everything a shop has.
package shop.v1;

import "google/api/annotations.proto";
import "google/api/field_behavior.proto";
import "google/protobuf/timestamp.proto";
import "wirespan/options.proto";

// Sells [books][shop.v1.Book].
service ShopService {
  // Adds a book. It must not be there already.
  rpc CreateBook(CreateBookRequest) returns (Book) {
    option (google.api.http) = { post: "/v1/{parent=shelves/*}/books" body: "book" };
    option (wirespan.options.v1.method) = {
      timeout { seconds: 5 }
      http { success_status: 201 location: "/v1/books/{id}" }
    };
  }
  // Finds a book.
  rpc GetBook(GetBookRequest) returns (Book) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (google.api.http) = { get: "/v1/books/{id}" additional_bindings { get: "/v1/book/{id}" } };
    option (wirespan.options.v1.method) = {
      timeout { seconds: 10 }
      retry { max_attempts: 3 initial_backoff { nanos: 100000000 } max_backoff { seconds: 1 } codes: UNAVAILABLE }
    };
  }
  rpc DiscussBook(stream GetBookRequest) returns (stream Book) { option (google.api.http) = { post: "/v1/books/{id}/talk" body: "*" }; }
  rpc WatchBooks(GetBookRequest) returns (stream Book) { option (google.api.http) = { get: "/v1/books:watch" }; }
}

message CreateBookRequest {
  string parent = 1;
  Book book = 2;
  bool dry_run = 3;
}

message GetBookRequest {
  string id = 1;
  // Also lent ones.
  bool include_lent = 2;
}

// A book.
message Book {
  string id = 1 [(google.api.field_behavior) = OUTPUT_ONLY];
  string title = 2 [(google.api.field_behavior) = REQUIRED];
  Genre genre = 3;
  google.protobuf.Timestamp printed = 4;
  map<string, int64> copies = 5;
  oneof cover {
    string color = 6;
    bytes image = 7;
  }
  Book sequel = 8;
  optional int32 pages = 9 [deprecated = true];
}

enum Genre {
  GENRE_UNSPECIFIED = 0;
  // Made up.
  GENRE_FICTION = 1;
}
`;

const shopEvents = `asyncapi: 3.0.0
info: { title: Shop events, version: 1.2.0, description: "What happens in a shop." }
servers:
  main:
    host: "localhost:5672"
    protocol: amqp
    security: [{ $ref: "#/components/securitySchemes/login" }, { type: X509 }]
channels:
  book.added:
    address: shop.{region}.book.added
    parameters: { region: { description: Where., enum: [eu, us] } }
    messages:
      added: { payload: { $ref: "shop/v1/shop.proto#/shop.v1.Book" } }
  stock:
    address: shop.stock
    messages:
      changed:
        name: StockChanged
        headers: { type: object, properties: { tenant: { type: string } } }
        payload:
          type: object
          required: [sku]
          properties:
            sku: { type: string, minLength: 3, maxLength: 12, description: "Which **one**." }
            left: { type: integer, minimum: 0 }
            where: { $ref: "#/components/schemas/Place" }
components:
  securitySchemes: { login: { type: userPassword } }
  schemas:
    Place: { type: object, properties: { aisle: { type: string } } }
operations:
  tellAdded: { action: send, channel: { $ref: "#/channels/book.added" } }
  onStock:
    action: receive
    channel: { $ref: "#/channels/stock" }
    x-consumer: { group: billing, concurrency: 8, order: key, timeout: PT30S }
    bindings: { amqp: { ack: true } }
    x-retry: { maxAttempts: 5, quick: 2, delays: [PT5S, PT1M, PT10M] }
    x-dead-letter: {}
`;

const shop = { "shop/v1/shop.proto": shopProto, "shop.events.yaml": shopEvents };

describe("a page of both kinds of contracts", () => {
  let page = "";
  beforeAll(async () => {
    page = await pageOf(shop);
  });

  const card = (id: string): string => visibleText(between(page, `<article class="card" id="${id}"`, "</article>"));

  test("M49 is one sound file: elements nest, ids are unique, links lead somewhere", () => {
    expect(nestingErrors(page)).toEqual([]);
    expect(anchorErrors(page)).toEqual([]);
  });

  test("M49 loads nothing and runs nothing but its own two scripts", () => {
    expect(page).not.toMatch(/\s(src|srcset|poster|action|formaction|background)\s*=/);
    expect(page).not.toMatch(/@import|url\((?!#)/);
    expect([...page.matchAll(/<link [^>]*href="([^"]*)"/g)].map(([, href = ""]) => href.slice(0, 5))).toEqual([
      "data:",
    ]);
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? "";
    expect(policy).toContain("default-src &#39;none&#39;");
    const scripts = [...page.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, text = ""]) => text);
    expect(scripts).toHaveLength(2);
    for (const script of scripts) expect(policy).toContain(createHash("sha256").update(script).digest("base64"));
  });

  test("an operation shows parameters, body, response, status, Location and a command", () => {
    const create = card("operation-shop.v1.ShopService.CreateBook-0");
    expect(create).toContain("Adds a book POST /v1/ {parent=shelves/*} /books");
    expect(create).toContain("It must not be there already.");
    expect(create).toContain("parent string path like shelves/*");
    expect(create).toContain("dryRun boolean query");
    expect(create).toContain("Request body Book title string required");
    expect(create).toContain("Response 201 Created Book Location /v1/books/{id}");
    expect(create).toContain("copies map of string int64");
    expect(create).toContain("one of cover");
    expect(create).toContain("Timeout 5 s");
    expect(create).toContain("curl -X POST http://localhost:8080/v1/shelves/42/books");
    // the request example leaves out what only the server sets
    expect(create).toContain(`-d '{"title":"A short title"`);
    expect(create).toContain('"id": "42"');
  });

  test("a further path of a method has a place of its own and refers to the first", () => {
    expect(card("operation-shop.v1.ShopService.GetBook-1")).toContain("GET /v1/book/ {id} further path of this method");
    expect(card("operation-shop.v1.ShopService.GetBook-0")).toContain("includeLent boolean query");
  });

  test("a stream over HTTP is shown as the gateway sends it", () => {
    const watch = card("operation-shop.v1.ShopService.WatchBooks-0");
    expect(watch).toContain("Watch books GET /v1/books:watch streams its response");
    expect(watch).toContain('one such object per line Copy { "result": { "id": "42"');
  });

  test("a method that streams both ways is shown as a WebSocket", () => {
    const discuss = card("operation-shop.v1.ShopService.DiscussBook-0");
    expect(discuss).toContain("Discuss book WS /v1/books/ {id} /talk WebSocket streams its request");
    expect(discuss).toContain("wscat -c ws://localhost:8080/v1/books/42/talk");
    expect(discuss).toContain("Response 101");
    expect(discuss).toContain('one such object per frame Copy { "result": { "id": "42"');
  });

  test("a method shows kind, types, policy and routes", () => {
    const get = card("rpc-shop.v1.ShopService.GetBook");
    expect(get).toContain("unary GetBookRequest → Book no side effects");
    expect(get).toContain("Path /shop.v1.ShopService/GetBook");
    expect(get).toContain("up to 3 attempts, backoff 100 ms × 2, at most 1 s, on UNAVAILABLE");
    expect(get).toContain("GET /v1/books/{id}");
    expect(card("rpc-shop.v1.ShopService.WatchBooks")).toContain("server stream GetBookRequest → stream Book");
  });

  test("a channel shows address, messages, consumers, retry and dead letter", () => {
    const stock = card("channel-shop.events.yaml-stock");
    expect(stock).toContain("consumes onStock");
    expect(stock).toContain("Group billing Concurrency 8 Order per key Timeout 30 s");
    expect(stock).toContain("up to 5 attempts, 2 of them in quick succession, then after 5 s, 1 min, 10 min");
    expect(stock).toContain("Dead letter the broker’s default destination");
    expect(stock).toContain('amqp binding {"ack":true}');
    expect(visibleText(page)).toContain("Security login (userPassword) or X509");
    expect(stock).toContain("sku string required 3–12 characters Which one.");
    expect(stock).toContain("where Place");
    expect(stock).toContain("Headers tenant string");
    expect(stock).toContain('"left": 0');
    const added = card("channel-shop.events.yaml-book.added");
    expect(added).toContain("shop.{region}.book.added");
    expect(added).toContain("region string eu | us Where.");
    expect(added).toContain("Payload Book Content type application/protobuf");
  });

  test("the reference has fields, values and uses; comments link to it", () => {
    const book = between(page, 'id="type-shop.v1.Book"', "</article>");
    expect(visibleText(book)).toContain("copies map<string, int64> 5");
    expect(visibleText(book)).toContain("pages int32 9 optional deprecated");
    expect(visibleText(book)).toContain("Used by ShopService.CreateBook, ShopService.GetBook");
    expect(book).toContain('href="#channel-shop.events.yaml-book.added"');
    expect(visibleText(between(page, 'id="type-shop.v1.Genre"', "</article>"))).toContain("GENRE_FICTION 1 Made up.");
    expect(page).toContain('Sells <a href="#type-shop.v1.Book"><code>books</code></a>');
  });

  test("the picture goes from the gateway over services and channels to consumers", () => {
    const svg = between(page, `<figure class="topology">`, "</figure>");
    const nodes = [...svg.matchAll(/class="node (\w+)" transform="translate\(([\d.]+) [\d.]+\)"><title>([^<]*)/g)];
    const column = (title: string): number => Number(nodes.find(([, , , text = ""]) => text.startsWith(title))?.[2]);
    expect(nodes).toHaveLength(5);
    expect(column("REST gateway")).toBeLessThan(column("ShopService"));
    expect(column("ShopService")).toBeLessThan(column("book.added"));
    expect(column("stock")).toBeLessThan(column("onStock"));
    expect(svg.match(/class="edge"/g)).toHaveLength(2);
    expect(svg.match(/class="edge inferred"/g)).toHaveLength(1);
  });

  test("the search finds everything", () => {
    const data = JSON.parse(
      between(page, 'id="search-data">', "</script>").slice('id="search-data">'.length),
    ) as string[][];
    const titles = data.map(([title]) => title);
    expect(titles).toEqual(expect.arrayContaining(["POST /v1/{parent=shelves/*}/books", "ShopService.GetBook"]));
    expect(titles).toEqual(expect.arrayContaining(["stock", "Book", "Genre", "Place"]));
    for (const [, , id] of data) expect(page).toContain(` id="${id}"`);
  });

  test("the same contracts give the same bytes", async () => {
    expect(await pageOf({ "shop.events.yaml": shopEvents, "shop/v1/shop.proto": shopProto })).toBe(page);
  });
});

test("the page's scripts are scripts, and nothing in them could end their element", () => {
  for (const script of [themeScript, pageScript]) {
    expect(() => new Script(script)).not.toThrow();
    expect(script).not.toMatch(/<\/script|<!--/i);
  }
});

test("whatever a contract says stays text", async () => {
  const evil = `</script><script>alert(1)</script><img src=x onerror=alert(2)>"'\u2028`;
  const page = await pageOf({
    "evil.proto": `syntax = "proto3"; package evil;
// ${evil.replace("\u2028", "")}
message __proto__ { string constructor = 1; /* ${evil} */ string toString = 2; }
message Date {} message Error { Date a = 1; __proto__ b = 2; map<string, Error> c = 3; }
service toString { /* ${evil} */ rpc constructor(Error) returns (stream __proto__); }`,
    "evil.events.yaml": `asyncapi: 3.0.0
info: { title: ${JSON.stringify(evil)}, version: ${JSON.stringify(evil)} }
servers: { ${JSON.stringify('a"><b>')}: { host: ${JSON.stringify(evil)}, protocol: amqp } }
channels:
  __proto__:
    address: ${JSON.stringify(evil)}
    description: ${JSON.stringify(evil)}
    messages:
      constructor:
        payload: { type: object, properties: { __proto__: { type: string, default: ${JSON.stringify(evil)} }, ${JSON.stringify(evil)}: { enum: [${JSON.stringify(evil)}] } } }
  ${JSON.stringify(evil)}: { address: x, messages: {} }
operations:
  hasOwnProperty: { action: receive, channel: { $ref: "#/channels/__proto__" }, x-dead-letter: {} }
`,
  });
  expect(page.match(/<script/g)).toHaveLength(3);
  expect(page).not.toContain("<img");
  expect(page).not.toMatch(/\son\w+\s*=\s*"/);
  expect(nestingErrors(page)).toEqual([]);
  expect(anchorErrors(page)).toEqual([]);
  const data = between(page, 'id="search-data">', "</script>").slice('id="search-data">'.length);
  expect(data).not.toMatch(/[<\u2028]/);
  expect((JSON.parse(data) as string[][]).map(([title]) => title)).toEqual(
    expect.arrayContaining(["__proto__", "toString.constructor", evil]),
  );
  // the example keeps the property
  expect(visibleText(page)).toContain('"__proto__": "</script>');
});

test("a shell command takes every text of a contract literally", async () => {
  const page = await pageOf({
    "a.proto": `syntax = "proto3"; package a; import "google/api/annotations.proto";
service S { rpc Get(R) returns (R) { option (google.api.http) = { get: "/v1/it's;reboot/{id}" }; } }
message R { string id = 1; }`,
  });
  expect(visibleText(page)).toContain(`curl 'http://localhost:8080/v1/it'\\''s;reboot/42'`);
});

test("models without services or channels have a page, an empty model has none", async () => {
  const page = await pageOf({
    "a.proto": 'syntax = "proto3"; package a; message A { B b = 1; } message B { A a = 1; }',
  });
  expect(nestingErrors(page)).toEqual([]);
  expect(page).not.toContain('id="rest"');
  expect(page).not.toContain("<figure");
  const empty = { protos: [], events: [], messages: new Map(), enums: new Map(), services: new Map() };
  expect(await pageOfModel({ ...empty, extensions: new Map(), files: new Map() })).toBe("");
});

test("the page of the flagship has its three ways in", async () => {
  const contracts = fileURLToPath(new URL("../../../examples/users/contracts", import.meta.url));
  const page = await pageOfModel(await modelOfFolder(contracts, []));
  expect(anchorErrors(page)).toEqual([]);
  for (const id of ["rest", "grpc", "events", "types", "topology"]) expect(page).toContain(` id="${id}"`);
});

describe.skipIf(!haveCorpus("the docs page of other people's contracts"))("contracts that nobody here wrote", () => {
  test.each([
    ["openapi/gnostic/library", ["."]],
    ["openapi/real/temporal", ["."]],
  ])("%s", async (folder, inputs) => {
    const model = await modelOfFolder(`${corpus}/${folder}`, inputs, [".", `${corpus}/openapi/_include`]);
    const page = await pageOfModel(model);
    if (page.length < 1_000_000) expect(nestingErrors(page)).toEqual([]);
    expect(anchorErrors(page)).toEqual([]);
    // proto cross references are resolved or shown as code, never raw
    expect(visibleText(page)).not.toMatch(/\[\w+\]\[[\w.]+\]/);
    expect(page.length).toBeLessThan(8_000_000);
  });

  test("streetlights", async () => {
    const folder = `${corpus}/asyncapi/asyncapi--spec--streetlights-kafka-asyncapi`;
    const page = await pageOfModel(await modelOfFolder(folder, ["streetlights-kafka-asyncapi.yml"]));
    expect(nestingErrors(page)).toEqual([]);
    expect(anchorErrors(page)).toEqual([]);
    expect(visibleText(page)).toContain("lumens integer ≥ 0 Light intensity measured in lumens.");
  });
});

test("F7: the page says what callers have to reckon with", async () => {
  const proto = `syntax = "proto3";
package shop.v1;
import "wirespan/options.proto";
service ShopService {
  option (wirespan.options.v1.service) = { scopes: { name: "shop.<read>" } auth: { scopes: "shop.<read>" } };
  rpc Find(Query) returns (Query) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (wirespan.options.v1.method) = {
      hedge: { max_attempts: 2 delay: { nanos: 50000000 } }
      limit: { rate: 100 burst: 20 by: PEER concurrency: 8 }
      cache: { ttl: { seconds: 60 } key_fields: "id" invalidated_by: "goods.changed" }
      breaker: { classic: { failure_ratio: 0.25 open: { seconds: 10 } } }
    };
  }
  rpc Buy(Query) returns (Query) {
    option (wirespan.options.v1.method) = {
      auth: { public: true }
      idempotency_key: "id"
      retry: { max_attempts: 3 attempt_timeout: { seconds: 1 } }
    };
  }
}
message Query { string id = 1; }
`;
  const page = await pageOf({ "shop/v1/shop.proto": proto });
  expect(page).toContain("<code>shop.&lt;read&gt;</code>");
  const text = visibleText(page).replace(/\s+/g, " ");
  for (const part of [
    "up to 2 copies, one every 50 ms or at once on UNAVAILABLE",
    "100 calls a second, 20 at once, by peer; 8 under way",
    "1 min, by id, until goods.changed",
    "classic, from 25 % failures, open for 10 s",
    "none: anybody may call",
    "up to 3 attempts of 1 s each, backoff 100 ms × 2, at most 1 s, on UNAVAILABLE",
  ]) {
    expect(text).toContain(part);
  }
});

test("F7: over WebSocket there are no groups of consumers", async () => {
  const document = (protocol: string): string => `asyncapi: 3.0.0
info: { title: T, version: "1" }
servers: { s: { host: h, protocol: ${protocol} } }
channels: { room: { address: /room, messages: { m: { payload: { type: object } } } } }
operations: { hear: { action: receive, channel: { $ref: '#/channels/room' }, x-dead-letter: {} } }
`;
  expect(visibleText(await pageOf({ "doc.yaml": document("ws") }))).not.toContain("Group");
  expect(visibleText(await pageOf({ "doc.yaml": document("mqtt") }))).toContain("Group hear");
});
