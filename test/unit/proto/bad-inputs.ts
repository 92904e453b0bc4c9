/** One faulty contract. */
export interface BadInput {
  readonly title: string;
  /** The files by path; `a.proto` is the one at fault. */
  readonly files: Readonly<Record<string, string>>;
}

const proto2 = (body: string): string => `syntax = "proto2";\npackage a;\n${body}\n`;
const proto3 = (body: string): string => `syntax = "proto3";\npackage a;\n${body}\n`;
const edition = (body: string): string => `edition = "2023";\npackage a;\n${body}\n`;
const one = (title: string, text: string): BadInput => ({ title, files: { "a.proto": text } });
const http = (title: string, rule: string, fields = "string id = 1;"): BadInput =>
  one(
    title,
    `syntax = "proto3";
import "google/api/annotations.proto";
message Part { string id = 1; }
message Req { ${fields} }
service S { rpc Get(Req) returns (Req) {
  option (google.api.http) = { ${rule} };
} }
`,
  );
const policy = (title: string, value: string, level = "IDEMPOTENT"): BadInput =>
  one(
    title,
    `syntax = "proto3";
import "wirespan/options.proto";
message M { string id = 1; repeated string tags = 2; }
service S { rpc Get(M) returns (M) { option idempotency_level = ${level};
  option (wirespan.options.v1.method) = { ${value} };
} }
`,
  );

/** Defaults over two methods: one that may be called again, one that may not. */
const defaults = (title: string, level: "file" | "service", value: string, own = ""): BadInput => {
  const option = `option (wirespan.options.v1.${level}) = { ${value} };`;
  return one(
    title,
    `syntax = "proto3";
import "wirespan/options.proto";
${level === "file" ? option : ""}
message M { string id = 1; }
service S { ${level === "service" ? option : ""}
  rpc Get(M) returns (M) { option idempotency_level = NO_SIDE_EFFECTS; ${own} }
  rpc Put(M) returns (M);
}
`,
  );
};

/** Mistakes of grammar. */
export const syntaxErrors: readonly BadInput[] = [
  one("a missing semicolon", proto3("message M {\n  string a = 1\n  string b = 2;\n}")),
  one("several errors in one file", proto3("message M {\n  string = 1;\n  int32 b 2;\n  bool ok = 3;\n}\nmessage { }")),
  one("an unterminated string", proto3('message M {\n  string a = 1 [json_name = "x];\n}')),
  one("an unknown escape", proto3('option go_package = "a\\qb";')),
  one("an octal number with a nine", proto3("message M { string a = 09; }")),
  one("a letter after a number", proto3("message M { string a = 1x; }")),
  one("a comment that never ends", proto3("message M {}\n/* and so on")),
  one("a character that is not ASCII", proto3("message M { string na‐me = 1; }")),
  one("a block that is not closed", proto3("message M {\n  string a = 1;")),
  one("a brace too many", proto3("message M {}\n}\nmessage N { strin g = 1 }")),
  one("syntax that is not first", 'package a;\nsyntax = "proto3";'),
  one("an unknown syntax", 'syntax = "proto4";'),
  one("an unknown edition", 'edition = "1999";'),
  one("two packages", proto3("package b;")),
  one("something that is no declaration", proto3("mesage M {}\nmessage N {}")),
  one("a service with a field", proto3("service S { string a = 1; }")),
  one("an rpc without types", proto3("service S { rpc A returns (B); }")),
  one("a negative field number", proto3("message M { string a = -1; }")),
  one("required in proto3", proto3("message M { required string a = 1; }")),
  one("optional in an edition", edition("message M { optional string a = 1; }")),
  one("no label in proto2", proto2("message M { string a = 1; }")),
  one("a label in a oneof", proto3("message M { oneof o { repeated string a = 1; } }")),
  one("a repeated map", proto3("message M { repeated map<string, string> a = 1; }")),
  one("a map in a oneof", proto3("message M { oneof o { map<string, string> a = 1; } }")),
  one("a group in proto3", proto3("message M { repeated group G = 1 { string a = 1; } }")),
  one("a group in small letters", proto2("message M { optional group g = 1 { } }")),
  one("extension ranges in proto3", proto3("message M { extensions 100 to 200; }")),
  one("a reserved name without quotes", proto3("message M { reserved foo; }")),
  one("a reserved name with quotes in an edition", edition('message M { reserved "foo"; }')),
  one("an option without a value", proto3("option go_package = ;")),
  one("a scalar without a colon in an option", proto2('import "google/api/http.proto";\noption (x) = { a "b" };')),
  one("a oneof in extend", proto2("message M { extensions 10; }\nextend M { oneof x { int32 a = 10; } }")),
  one("names that begin with a digit", proto3("message 1M { int32 2a = 1; }\nenum E { 3A = 0; }")),
  one(
    "types called like keywords",
    proto3(
      "message M {\n  message a = 1;\n  enum b = 2;\n  oneof c = 3;\n  reserved d = 4;\n  repeated e = 5;\n  extend f = 6;\n}",
    ),
  ),
  one("a thrift file", "namespace js users\nstruct User {\n  1: string id,\n}\n"),
  one("nesting without end", proto3(`${"message M {".repeat(300)}${"}".repeat(300)}`)),
  one("more errors than anybody reads", proto3("message M {\n" + "  string = 1;\n".repeat(30) + "}")),
];

/** Mistakes of meaning. */
export const linkErrors: readonly BadInput[] = [
  one("an unknown type", proto3("message User {}\nmessage M {\n  Usr u = 1;\n}")),
  one("a misspelt scalar", proto3("message M { strng a = 1; }")),
  one("several unknown types", proto3("message M {\n  A a = 1;\n  B b = 2;\n}")),
  one("a service as a field type", proto3("service S {}\nmessage M { S s = 1; }")),
  one("a name that an inner scope takes", proto3("message t { message x {} }\nmessage M { message t {} t.x a = 1; }")),
  {
    title: "a type that is imported only through another file",
    files: {
      "a.proto": 'syntax = "proto3";\nimport "b.proto";\nmessage A { C c = 1; }',
      "b.proto": 'syntax = "proto3";\nimport "c.proto";\nmessage B { C c = 1; }',
      "c.proto": 'syntax = "proto3";\nmessage C {}',
    },
  },
  one(
    "well-known types that are not imported",
    proto3(
      "message M {\n  google.protobuf.Timestamp a = 1;\n  .google.protobuf.Int64Value b = 2;\n  Struct c = 3;\n  Type d = 4;\n}\n" +
        "service S {\n  rpc A(google.protobuf.Empty) returns (M);\n}",
    ),
  ),
  one(
    "a well-known type by its last name, its file imported",
    'syntax = "proto3";\nimport "google/protobuf/timestamp.proto";\nmessage M { Timestamp a = 1; }',
  ),
  {
    title: "the last name of a type whose file is not imported",
    files: {
      "a.proto": 'syntax = "proto3";\nimport "b.proto";\nmessage A { Money a = 1; type.Money b = 2; }',
      "b.proto": 'syntax = "proto3";\nimport "c.proto";\nmessage B { acme.type.Money a = 1; }',
      "c.proto": 'syntax = "proto3";\npackage acme.type;\nmessage Money {}',
    },
  },
  {
    title: "a local type of another file",
    files: {
      "a.proto": 'edition = "2024";\nimport "b.proto";\nmessage A { B b = 1; }',
      "b.proto": 'edition = "2024";\nlocal message B {}',
    },
  },
  one("a message declared twice", proto3("message M {}\nmessage M {}")),
  one("a field declared twice", proto3("message M {\n  string a = 1;\n  string a = 2;\n}")),
  {
    title: "a message called like a package",
    files: { "a.proto": 'syntax = "proto3";\nmessage b {}', "b.proto": 'syntax = "proto3";\npackage b;' },
  },
  one("an enum value in the scope around", proto3("enum A { UNKNOWN = 0; }\nenum B { UNKNOWN = 0; }")),
  {
    title: "one message in two files",
    files: { "a.proto": proto3("message M {}"), "b.proto": proto3("message M {}") },
  },
  {
    title: "an import cycle",
    files: {
      "a.proto": 'syntax = "proto3";\nimport "b.proto";',
      "b.proto": 'syntax = "proto3";\nimport "a.proto";',
    },
  },
  one("a file that imports itself", 'syntax = "proto3";\nimport "a.proto";'),
  one(
    "an import twice",
    'syntax = "proto3";\nimport "google/protobuf/any.proto";\nimport "google/protobuf/any.proto";',
  ),
  one("a field number twice", proto3("message M {\n  string a = 1;\n  string b = 1;\n  string c = 2;\n}")),
  one("the field number 0", proto3("message M { string a = 0; }")),
  one("a field number of protobuf itself", proto3("message M { string a = 19500; }")),
  one("a field number beyond the last one", proto3("message M { string a = 536870912; }")),
  one("a reserved number", proto3("message M { reserved 2 to 4; string a = 3; }")),
  one("a reserved name", proto3('message M { reserved "a"; string a = 1; }')),
  one("overlapping reserved ranges", proto3("message M { reserved 2 to 5, 4; }")),
  one("a reserved range backwards", proto3("message M { reserved 5 to 2; }")),
  one("a name reserved twice", proto3('message M { reserved "a", "a"; }')),
  one("a field in an extension range", proto2("message M { extensions 5 to 9; optional string a = 6; }")),
  one("one JSON name for two fields", proto3("message M {\n  string user_id = 1;\n  string userId = 2;\n}")),
  one("one json_name for two fields", proto3('message M {\n  string a = 1 [json_name = "x"];\n  string x = 2;\n}')),
  one("a map whose entry's name is taken", proto3("message M { message FooEntry {} map<string, string> foo = 1; }")),
  one("an enum without values", proto3("enum OrderStatus {}")),
  one("an open enum that does not begin with 0", proto3("enum E { E_A = 1; }")),
  one("an enum number twice", proto3("enum E {\n  E_A = 0;\n  E_B = 0;\n}")),
  one("allow_alias without aliases", proto3("enum E { option allow_alias = true; E_A = 0; }")),
  one("an enum value beyond 32 bits", proto3("enum E { E_A = 0; E_B = 4294967296; }")),
  one("a reserved enum value", proto3('enum E { reserved 2 to max; reserved "E_C"; E_A = 0; E_B = 7; E_C = 1; }')),
  one("enum values that differ by their prefix only", proto3("enum Kind { KIND_A = 0; A = 1; }")),
  one("a float as key of a map", proto3("message M { map<float, string> a = 1; }")),
  one("a message as key of a map", proto3("message K {} message M { map<K, string> a = 1; }")),
  one("an empty oneof", proto3("message M { oneof o {} }")),
  one("an rpc that takes an enum", proto3("enum E { E_A = 0; }\nservice S { rpc A(E) returns (E); }")),
  one("an rpc that takes a scalar", proto3("message M {}\nservice S { rpc A(string) returns (M); }")),
  one("a method that hides its request type", proto3("message Get {}\nservice S { rpc Get(Get) returns (Get); }")),
  one("an unknown option", proto3("message M { string a = 1 [deprecate = true]; }")),
  one("an unknown extension", proto3("message M { option (acme.opt) = 1; }")),
  one(
    "an option of another kind of element",
    proto3('import "google/api/annotations.proto";\nmessage M { option (google.api.http) = { get: "/" }; }'),
  ),
  http("a field that an option does not have", 'gett: "/v1"'),
  one("a string for a bool", proto3('message M { string a = 1 [deprecated = "true"]; }')),
  one("a number for a string", proto3("option go_package = 1;")),
  one("an unknown enum value in an option", proto3("option optimize_for = SPED;")),
  one("an option set twice", proto3('option java_package = "a";\noption java_package = "b";')),
  one(
    "an int32 option out of range",
    proto3(
      'import "google/protobuf/descriptor.proto";\nextend google.protobuf.FileOptions { int32 n = 50001; }\noption (n) = 2147483648;',
    ),
  ),
  one(
    "a dotted name into a repeated option",
    proto3(
      'import "google/protobuf/descriptor.proto";\nmessage V { int32 n = 1; }\nextend google.protobuf.FileOptions { repeated V v = 50001; }\noption (v).n = 1;',
    ),
  ),
  http("two members of a oneof in an option", 'get: "/v1" post: "/v1"'),
  one("default in proto3", proto3('message M { string a = 1 [default = "x"]; }')),
  one("default of a repeated field", proto2("message M { repeated int32 a = 1 [default = 1]; }")),
  one("default of a message field", proto2("message M { optional M a = 1 [default = 1]; }")),
  one("default out of range", proto2("message M { optional int32 a = 1 [default = 3000000000]; }")),
  one("default of the wrong type", proto2("message M { optional bool a = 1 [default = 1]; }")),
  one("default that the enum lacks", proto2("enum E { E_A = 0; }\nmessage M { optional E a = 1 [default = E_B]; }")),
  one("packed on strings", proto3("message M { repeated string a = 1 [packed = true]; }")),
  one("packed in an edition", edition("message M { repeated int32 a = 1 [packed = true]; }")),
  one("jstype on a string", proto3("message M { string a = 1 [jstype = JS_STRING]; }")),
  one("lazy on a string", proto3("message M { string a = 1 [lazy = true]; }")),
  one("features in proto3", proto3("option features.field_presence = EXPLICIT;")),
  one("an unknown feature value", edition("option features.field_presence = MAYBE;")),
  one("a feature on the wrong element", edition("message M { option features.field_presence = IMPLICIT; }")),
  one(
    "LEGACY_REQUIRED on a repeated field",
    edition("message M { repeated int32 a = 1 [features.field_presence = LEGACY_REQUIRED]; }"),
  ),
  {
    title: "a closed enum in proto3",
    files: {
      "a.proto": proto3('import "b.proto";\nmessage M { b.E e = 1; }'),
      "b.proto": 'syntax = "proto2";\npackage b;\nenum E { E_A = 1; }',
    },
  },
  one(
    "an extension outside of every range",
    proto2("message M { extensions 5 to 9; }\nextend M { optional int32 x = 10; }"),
  ),
  one(
    "an extension number twice",
    proto2("message M { extensions 5 to 9; }\nextend M { optional int32 x = 5; optional int32 y = 5; }"),
  ),
  {
    title: "an extension of a message in proto3",
    files: {
      "a.proto": proto3('import "b.proto";\nextend b.M { int32 x = 5; }'),
      "b.proto": 'syntax = "proto2";\npackage b;\nmessage M { extensions 5 to 9; }',
    },
  },
  one("an extension of an enum", proto2("enum E { A = 0; }\nextend E { optional int32 x = 5; }")),
  one(
    "json_name of an extension",
    proto2('message M { extensions 5; }\nextend M { optional int32 x = 5 [json_name = "y"]; }'),
  ),
  http("a template without a slash", 'get: "v1/x"'),
  http("a template with an empty segment", 'get: "/v1//x"'),
  http("a template with a variable that is not closed", 'get: "/v1/{id"'),
  http("a path with an unknown field", 'get: "/v1/{ide}"'),
  http("a path with a repeated field", 'get: "/v1/{ids}"', "repeated string ids = 1;"),
  http("a path with a map", 'get: "/v1/{m}"', "map<string, string> m = 1;"),
  http("a path with a message", 'get: "/v1/{part}"', "Part part = 1;"),
  http("a path into a scalar", 'get: "/v1/{id.x}"'),
  http("an unknown body", 'post: "/v1" body: "user"'),
  http("an unknown response body", 'get: "/v1" response_body: "user"'),
  http(
    "bindings inside of bindings",
    'get: "/v1" additional_bindings { get: "/v2" additional_bindings { get: "/v3" } }',
  ),
  http("a rule without a path", 'body: "*"'),
  policy("a timeout of zero", "timeout: {}"),
  policy("a negative timeout", "timeout: { seconds: -1 }"),
  policy("one attempt", "retry: { max_attempts: 1 }"),
  policy("six attempts", "retry: { max_attempts: 6 }"),
  policy("retry on OK", "retry: { max_attempts: 2 codes: OK }"),
  policy("retry of a method that is not idempotent", "retry: { max_attempts: 2 }", "IDEMPOTENCY_UNKNOWN"),
  policy(
    "retries longer than the timeout",
    "timeout: { seconds: 1 } retry: { max_attempts: 5 initial_backoff: { seconds: 1 } }",
  ),
  policy(
    "attempts of their own that take longer than the call",
    "timeout: { seconds: 3 } retry: { max_attempts: 3 attempt_timeout: { seconds: 1 } }",
  ),
  policy("an attempt without time", "retry: { max_attempts: 3 attempt_timeout: {} }"),
  policy("a retry that says nothing", "retry: {}"),
  policy("a code twice", "retry: { max_attempts: 3 codes: [ABORTED, ABORTED] }"),
  policy("a backoff that shrinks", "retry: { max_attempts: 3 backoff_multiplier: 0.5 }"),
  policy("retry and hedge", "retry: { max_attempts: 3 } hedge: { max_attempts: 2 delay: { nanos: 50000000 } }"),
  policy(
    "hedge of a method that is not idempotent",
    "hedge: { max_attempts: 2 delay: { seconds: 1 } }",
    "IDEMPOTENCY_UNKNOWN",
  ),
  policy("a hedge without a delay", "hedge: { max_attempts: 2 }"),
  policy(
    "a hedge of one copy that goes on with OK",
    "hedge: { max_attempts: 1 delay: { seconds: 1 } non_fatal_codes: OK }",
  ),
  policy("copies after the timeout", "timeout: { seconds: 1 } hedge: { max_attempts: 3 delay: { nanos: 500000000 } }"),
  policy("a timeout with part of a millisecond", "timeout: { seconds: 1 nanos: 500 }"),
  policy("a timeout of mixed signs", "timeout: { seconds: 1 nanos: -5000000 }"),
  policy("a retry whose only value is of another type", 'retry: { max_attempts: "3" }'),
  policy("a retry whose only value is none", "retry: { max_attempt: 3 }"),
  policy("a negative limit", "limit: { rate: -1 }"),
  policy("limits of zero", "limit: { rate: 0 burst: 0 concurrency: 0 max_queue: -1 }"),
  policy("a burst without a rate", "limit: { burst: 10 }"),
  policy("a queue and a key without what they are for", "limit: { max_queue: 10 by: PEER }"),
  policy("a claim without a name", 'limit: { rate: 1 claim: "" }'),
  policy("a limit by a claim of callers who show none", 'limit: { rate: 1 claim: "sub" } auth: { public: true }'),
  policy("an unknown scope", 'auth: { scopes: "users.read" }'),
  policy("scopes that are none", 'auth: { scopes: "users read" }'),
  policy("a public method with scopes", 'auth: { public: true scopes: "a" }'),
  policy("an idempotency key that is not there", 'idempotency_key: "idd"'),
  policy("an idempotency key that is a list", 'idempotency_key: "tags"', "IDEMPOTENCY_UNKNOWN"),
  policy("an idempotency key that is no path", 'idempotency_key: ""'),
  policy("a cache without a time", 'cache: { key_fields: "id" }', "NO_SIDE_EFFECTS"),
  policy("a cache for no time", "cache: { ttl: {} }", "NO_SIDE_EFFECTS"),
  policy("a cache of a method with side effects", "cache: { ttl: { seconds: 1 } }"),
  policy(
    "a cache by fields that are not there or no values",
    'cache: { ttl: { seconds: 1 } key_fields: ["id", "tags", "ids"] }',
    "NO_SIDE_EFFECTS",
  ),
  policy("an event without a name", 'cache: { ttl: { seconds: 1 } invalidated_by: "" }', "NO_SIDE_EFFECTS"),
  policy("a share of failures above one", "breaker: { ramp: { failure_ratio: 1.5 } }"),
  policy(
    "a breaker that opens for nothing",
    "breaker: { classic: { failure_ratio: 0 min_calls: 0 max_probes: 0 open: {} window: {} } }",
  ),
  policy("a breaker of no kind", "breaker: {}"),
  one(
    "an idempotency key in a stream of requests",
    `syntax = "proto3";
import "wirespan/options.proto";
message M { string id = 1; bool again = 2; }
service S { rpc Up(stream M) returns (M) { option (wirespan.options.v1.method).idempotency_key = "id"; }
  rpc Put(M) returns (M) { option (wirespan.options.v1.method).idempotency_key = "again"; }
  rpc Down(M) returns (stream M) {
    option (wirespan.options.v1.method) = { idempotency_key: "id" retry: { max_attempts: 2 } }; } }
`,
  ),
  one(
    "a cache of a stream",
    `syntax = "proto3";
import "wirespan/options.proto";
message M { string id = 1; }
service S { rpc Watch(M) returns (stream M) { option idempotency_level = NO_SIDE_EFFECTS;
  option (wirespan.options.v1.method).cache.ttl = { seconds: 1 }; } }
`,
  ),
  defaults(
    "a scope declared twice, and one without a name",
    "service",
    'scopes: { name: "a" } scopes: { name: "a" } scopes: {}',
  ),
  defaults("a misspelt scope", "file", 'scopes: { name: "users.read" } auth: { scopes: "users.raed" }'),
  defaults("a default that breaks its rule is told once", "file", "limit: { rate: -5 }"),
  defaults(
    "a default retry that a method has no time for",
    "service",
    "retry: { max_attempts: 5 }",
    "option (wirespan.options.v1.method).timeout.seconds = 1;",
  ),
  defaults(
    "a default cache by a field that a request lacks",
    "service",
    'cache: { ttl: { seconds: 1 } key_fields: "tenant" }',
  ),
  defaults("a setting of another kind of breaker", "service", "breaker: { sre: { variant: GO_ZERO } retries: 1 }"),
  policy("a status that is no success", "http: { success_status: 404 }"),
  policy("a location with an unknown field", 'http: { location: "/v1/{ids}" }'),
  policy("a location with a repeated field", 'http: { location: "/v1/{tags}" }'),
  policy("a location with a wildcard", 'http: { location: "/v1/*" }'),
];
