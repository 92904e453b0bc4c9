import { collect, importDescriptor, proto2, type Input } from "./collect.js";

/** Extension declarations. */
export const declarations: readonly Input[] = collect((add) => {
  const D = (range: string, rest = "") => proto2(`message M { ${range} }\n${rest}`);
  add(
    "decl ok",
    D(
      'extensions 4 [declaration = { number: 4, full_name: ".a.x", type: "int32" }];',
      "extend M { optional int32 x = 4; }",
    ),
  );
  add(
    "decl wrong name",
    D(
      'extensions 4 [declaration = { number: 4, full_name: ".a.y", type: "int32" }];',
      "extend M { optional int32 x = 4; }",
    ),
  );
  add(
    "decl wrong type",
    D(
      'extensions 4 [declaration = { number: 4, full_name: ".a.x", type: "int64" }];',
      "extend M { optional int32 x = 4; }",
    ),
  );
  add(
    "decl message type",
    D('extensions 4 [declaration = { number: 4, full_name: ".a.x", type: ".a.M" }];', "extend M { optional M x = 4; }"),
  );
  add(
    "decl message type no dot",
    D('extensions 4 [declaration = { number: 4, full_name: ".a.x", type: "a.M" }];', "extend M { optional M x = 4; }"),
  );
  add(
    "decl enum type",
    D(
      'extensions 4 [declaration = { number: 4, full_name: ".a.x", type: ".a.E" }];',
      "enum E { Z = 0; } extend M { optional E x = 4; }",
    ),
  );
  add(
    "decl wrong repeated",
    D(
      'extensions 4 [declaration = { number: 4, full_name: ".a.x", type: "int32", repeated: true }];',
      "extend M { optional int32 x = 4; }",
    ),
  );
  add(
    "decl wrong not repeated",
    D(
      'extensions 4 [declaration = { number: 4, full_name: ".a.x", type: "int32" }];',
      "extend M { repeated int32 x = 4; }",
    ),
  );
  add(
    "decl reserved used",
    D("extensions 4 [declaration = { number: 4, reserved: true }];", "extend M { optional int32 x = 4; }"),
  );
  add("decl reserved", D("extensions 4 [declaration = { number: 4, reserved: true }];"));
  add(
    "decl missing for ext",
    D(
      'extensions 4 to 9 [declaration = { number: 4, full_name: ".a.x", type: "int32" }];',
      "extend M { optional int32 y = 5; }",
    ),
  );
  add(
    "decl verification empty",
    D("extensions 4 to 9 [verification = DECLARATION];", "extend M { optional int32 y = 5; }"),
  );
  add("decl verification empty no ext", D("extensions 4 to 9 [verification = DECLARATION];"));
  add(
    "decl unverified with decl",
    D('extensions 4 to 9 [verification = UNVERIFIED, declaration = { number: 4, full_name: ".a.x", type: "int32" }];'),
  );
  add("decl unverified", D("extensions 4 to 9 [verification = UNVERIFIED];", "extend M { optional int32 y = 5; }"));
  add("decl out of range", D('extensions 4 to 9 [declaration = { number: 10, full_name: ".a.x", type: "int32" }];'));
  add(
    "decl dup number",
    D(
      'extensions 4 to 9 [declaration = { number: 4, full_name: ".a.x", type: "int32" }, declaration = { number: 4, full_name: ".a.z", type: "int32" }];',
    ),
  );
  add(
    "decl dup name",
    D(
      'extensions 4 to 9 [declaration = { number: 4, full_name: ".a.x", type: "int32" }, declaration = { number: 5, full_name: ".a.x", type: "int32" }];',
    ),
  );
  add(
    "decl dup name other message",
    D(
      'extensions 4 to 9 [declaration = { number: 4, full_name: ".a.x", type: "int32" }];',
      'message N { extensions 4 [declaration = { number: 4, full_name: ".a.x", type: "int32" }]; }',
    ),
  );
  add("decl name no dot", D('extensions 4 to 9 [declaration = { number: 4, full_name: "a.x", type: "int32" }];'));
  add("decl name bad", D('extensions 4 to 9 [declaration = { number: 4, full_name: ".a..x", type: "int32" }];'));
  add("decl name missing", D('extensions 4 to 9 [declaration = { number: 4, type: "int32" }];'));
  add("decl type missing", D('extensions 4 to 9 [declaration = { number: 4, full_name: ".a.x" }];'));
  add("decl number missing", D('extensions 4 to 9 [declaration = { full_name: ".a.x", type: "int32" }];'));
  add(
    "decl reserved with name",
    D('extensions 4 to 9 [declaration = { number: 4, full_name: ".a.x", type: "int32", reserved: true }];'),
  );
  add(
    "decl reserved with name only",
    D('extensions 4 to 9 [declaration = { number: 4, full_name: ".a.x", reserved: true }];'),
  );
  add(
    "decl type unknown scalar",
    D('extensions 4 to 9 [declaration = { number: 4, full_name: ".a.x", type: "int33" }];'),
  );
  add(
    "decl type unknown message",
    D('extensions 4 to 9 [declaration = { number: 4, full_name: ".a.x", type: ".b.Foo" }];'),
  );
  add(
    "decl type group",
    D(
      'extensions 4 to 9 [declaration = { number: 4, full_name: ".a.g", type: ".a.G" }];',
      "extend M { optional group G = 4 {} }",
    ),
  );
  add(
    "decl several ranges one statement",
    D('extensions 4, 6 to 9 [declaration = { number: 4, full_name: ".a.x", type: "int32" }];'),
  );
  add(
    "decl two statements",
    D(
      'extensions 4 [declaration = { number: 4, full_name: ".a.x", type: "int32" }]; extensions 5 to 9;',
      "extend M { optional int32 y = 5; }",
    ),
  );
  add("decl list", D('extensions 4 to 9 [declaration = [{ number: 4, full_name: ".a.x", type: "int32" }]];'));
  add(
    "decl descriptor 990",
    proto2(importDescriptor + "extend google.protobuf.MessageOptions { optional int32 x = 990; }"),
  );
  add(
    "decl FeatureSet 1000 wrong name",
    proto2(importDescriptor + "message X {} extend google.protobuf.FeatureSet { optional X cpp2 = 1000; }"),
  );
  add(
    "decl FeatureSet 9999",
    proto2(importDescriptor + "message X {} extend google.protobuf.FeatureSet { optional X cpp2 = 9999; }"),
  );
  add(
    "decl EnumValueOptions 990",
    proto2(importDescriptor + "extend google.protobuf.EnumValueOptions { optional string x = 990; }"),
  );
  add(
    "custom option in range",
    proto2(importDescriptor + "extend google.protobuf.MessageOptions { optional int32 x = 1000; }"),
  );
  add(
    "custom option too low",
    proto2(importDescriptor + "extend google.protobuf.MessageOptions { optional int32 x = 999; }"),
  );
});
