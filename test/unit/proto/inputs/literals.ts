import { collect, edition2023, extending, proto2, proto3, type Input } from "./collect.js";

/** Values of options, as their schemas want them. */
export const literals: readonly Input[] = collect((add) => {
  add(
    "inf default",
    proto2("message M { optional float a = 1 [default = inf]; optional double b = 2 [default = -nan]; }"),
  );
  add("Infinity default", proto2("message M { optional float a = 1 [default = infinity]; }"));
  add("INF default", proto2("message M { optional float a = 1 [default = INF]; }"));
  add("minus inf option", proto2(extending("File", "optional float f = 50001;") + "option (f) = -inf;"));
  add("nan option", proto2(extending("File", "optional float f = 50001;") + "option (f) = nan;"));
  add("minus nan option", proto2(extending("File", "optional float f = 50001;") + "option (f) = -nan;"));
  add("Infinity option", proto2(extending("File", "optional float f = 50001;") + "option (f) = Infinity;"));
  add(
    "aggregate infinity",
    proto2(
      extending("File", "optional V v = 50001;") +
        "message V { optional float x = 1; optional float y = 2; } option (v) = { x: infinity y: -Infinity };",
    ),
  );
  add(
    "aggregate nan",
    proto2(
      extending("File", "optional V v = 50001;") +
        "message V { optional float x = 1; optional float y = 2; } option (v) = { x: NaN y: -nan };",
    ),
  );
  add("bool option 1", proto2(extending("File", "optional bool v = 50001;") + "option (v) = 1;"));
  add(
    "bool aggregate t",
    proto2(
      extending("File", "optional V v = 50001;") +
        "message V { optional bool x = 1; optional bool y = 2; } option (v) = { x: t y: False };",
    ),
  );
  add(
    "bool aggregate 1",
    proto2(
      extending("File", "optional V v = 50001;") +
        "message V { optional bool x = 1; optional bool y = 2; } option (v) = { x: 1 y: 0 };",
    ),
  );
  add(
    "bool aggregate 2",
    proto2(extending("File", "optional V v = 50001;") + "message V { optional bool x = 1; } option (v) = { x: 2 };"),
  );
  add(
    "bool aggregate TRUE",
    proto2(extending("File", "optional V v = 50001;") + "message V { optional bool x = 1; } option (v) = { x: TRUE };"),
  );
  add(
    "enum aggregate number",
    proto2(
      extending("File", "optional V v = 50001;") +
        "enum E { A = 0; B = 1; } message V { optional E x = 1; } option (v) = { x: 1 };",
    ),
  );
  add(
    "enum aggregate unknown number closed",
    proto2(
      extending("File", "optional V v = 50001;") +
        "enum E { A = 0; B = 1; } message V { optional E x = 1; } option (v) = { x: 7 };",
    ),
  );
  add(
    "enum aggregate unknown number open",
    proto3(
      extending("File", "V v = 50001;") + "enum E { A = 0; B = 1; } message V { E x = 1; } option (v) = { x: 7 };",
    ),
  );
  add(
    "enum aggregate string",
    proto2(
      extending("File", "optional V v = 50001;") +
        'enum E { A = 0; } message V { optional E x = 1; } option (v) = { x: "A" };',
    ),
  );
  add("enum option string", proto2(extending("File", "optional E v = 50001;") + 'enum E { A = 0; } option (v) = "A";'));
  add("enum option number", proto2(extending("File", "optional E v = 50001;") + "enum E { A = 0; } option (v) = 0;"));
  add(
    "enum option qualified",
    proto2(extending("File", "optional E v = 50001;") + "enum E { A = 0; } option (v) = E.A;"),
  );
  add("string option identifier", proto2(extending("File", "optional string v = 50001;") + "option (v) = foo;"));
  add("int option hex", proto2(extending("File", "optional int32 v = 50001;") + "option (v) = -0x80000000;"));
  add("int option too small", proto2(extending("File", "optional int32 v = 50001;") + "option (v) = -2147483649;"));
  add("uint option negative", proto2(extending("File", "optional uint32 v = 50001;") + "option (v) = -1;"));
  add("uint option minus zero", proto2(extending("File", "optional uint32 v = 50001;") + "option (v) = -0;"));
  add(
    "uint64 option overflow",
    proto2(extending("File", "optional uint64 v = 50001;") + "option (v) = 18446744073709551616;"),
  );
  add(
    "int64 option min",
    proto2(extending("File", "optional int64 v = 50001;") + "option (v) = -9223372036854775808;"),
  );
  add(
    "int64 option below min",
    proto2(extending("File", "optional int64 v = 50001;") + "option (v) = -9223372036854775809;"),
  );
  add("int option float", proto2(extending("File", "optional int32 v = 50001;") + "option (v) = 1.0;"));
  const wide: Readonly<Record<string, string>> = {
    "64 bits hex": "0xffffffffffffffff",
    "minus 64 bits hex": "-0xffffffffffffffff",
    "65 bits hex": "0x1ffffffffffffffff",
    "minus 65 bits hex": "-0x10000000000000000",
    "64 bits octal": "01777777777777777777777",
    "65 bits octal": "02000000000000000000000",
    "65 bits decimal": "18446744073709551616",
    octal: "010",
    "octal zero": "00",
    hex: "0x10",
    "minus hex": "-0x10",
    zero: "0",
  };
  for (const [title, number] of Object.entries(wide)) {
    const v = extending("File", "optional V v = 50001;") + "message V { repeated float x = 1; } ";
    add(`double default ${title}`, proto2(`message M { optional double a = 1 [default = ${number}]; }`));
    add(`double option ${title}`, proto2(`${extending("File", "optional double v = 50001;")}option (v) = ${number};`));
    add(`aggregate float ${title}`, proto2(`${v}option (v) = { x: ${number} };`));
    add(`aggregate float list ${title}`, proto2(`${v}option (v) = { x: [1, ${number}] };`));
  }
  add("float option int", proto2(extending("File", "optional float v = 50001;") + "option (v) = 1;"));
  add("message option scalar", proto2(extending("File", "optional V v = 50001;") + "message V {} option (v) = 1;"));
  add("scalar option aggregate", proto2(extending("File", "optional int32 v = 50001;") + "option (v) = { };"));
  add(
    "aggregate list of scalars",
    proto2(
      extending("File", "optional V v = 50001;") +
        "message V { repeated int32 x = 1; } option (v) = { x: [1,2] x: 3 };",
    ),
  );
  add(
    "aggregate list for singular",
    proto2(extending("File", "optional V v = 50001;") + "message V { optional int32 x = 1; } option (v) = { x: [1] };"),
  );
  add(
    "aggregate empty list for singular",
    proto2(extending("File", "optional V v = 50001;") + "message V { optional int32 x = 1; } option (v) = { x: [] };"),
  );
  add(
    "aggregate trailing comma in list",
    proto2(
      extending("File", "optional V v = 50001;") + "message V { repeated int32 x = 1; } option (v) = { x: [1,] };",
    ),
  );
  add(
    "aggregate angle",
    proto2(
      extending("File", "optional V v = 50001;") + "message V { optional V x = 1; } option (v) = { x < x: < > > };",
    ),
  );
  add(
    "aggregate mismatched",
    proto2(extending("File", "optional V v = 50001;") + "message V { optional V x = 1; } option (v) = { x < } };"),
  );
  add(
    "aggregate list without colon",
    proto2(
      extending("File", "optional V v = 50001;") + "message V { repeated V x = 1; } option (v) = { x [ {}, {} ] };",
    ),
  );
  add(
    "aggregate scalar list without colon",
    proto2(
      extending("File", "optional V v = 50001;") + "message V { repeated int32 x = 1; } option (v) = { x [ 1 ] };",
    ),
  );
  add(
    "aggregate comma separators",
    proto2(
      extending("File", "optional V v = 50001;") +
        "message V { repeated int32 x = 1; } option (v) = { x: 1, x: 2; x: 3 };",
    ),
  );
  add(
    "aggregate double comma",
    proto2(
      extending("File", "optional V v = 50001;") + "message V { repeated int32 x = 1; } option (v) = { x: 1,, x: 2 };",
    ),
  );
  add(
    "aggregate hash comment",
    proto2(
      extending("File", "optional V v = 50001;") + "message V { optional int32 x = 1; } option (v) = { x: 1 # hi\n };",
    ),
  );
  add(
    "aggregate slash comment",
    proto2(
      extending("File", "optional V v = 50001;") +
        "message V { optional int32 x = 1; } option (v) = { x: 1 // hi\n /* b */ };",
    ),
  );
  add(
    "aggregate set twice",
    proto2(
      extending("File", "optional V v = 50001;") + "message V { optional int32 x = 1; } option (v) = { x: 1 x: 2 };",
    ),
  );
  add(
    "aggregate ext unknown",
    proto2(extending("File", "optional V v = 50001;") + "message V { extensions 1 to 10; } option (v) = { [foo]: 1 };"),
  );
  add(
    "aggregate ext relative",
    proto2(
      extending("File", "optional V v = 50001;") +
        "message V { extensions 1 to 10; } extend V { optional int32 foo = 1; } option (v) = { [foo]: 1 };",
    ),
  );
  add(
    "aggregate ext full",
    proto2(
      extending("File", "optional V v = 50001;") +
        "message V { extensions 1 to 10; } extend V { optional int32 foo = 1; } option (v) = { [a.foo]: 1 };",
    ),
  );
  add(
    "aggregate ext leading dot",
    proto2(
      extending("File", "optional V v = 50001;") +
        "message V { extensions 1 to 10; } extend V { optional int32 foo = 1; } option (v) = { [.a.foo]: 1 };",
    ),
  );
  add(
    "aggregate ext nested scope",
    proto2(
      extending("File", "optional V v = 50001;") +
        "message V { extensions 1 to 10; extend V { optional int32 foo = 1; } } option (v) = { [a.V.foo]: 1 };",
    ),
  );
  add(
    "aggregate ext in parens",
    proto2(
      extending("File", "optional V v = 50001;") +
        "message V { extensions 1 to 10; } extend V { optional int32 foo = 1; } option (v) = { (a.foo): 1 };",
    ),
  );
  add(
    "aggregate negative identifier",
    proto2(
      extending("File", "optional V v = 50001;") + "message V { optional int32 x = 1; } option (v) = { x: -foo };",
    ),
  );
  add(
    "aggregate group",
    proto2(
      extending("File", "optional V v = 50001;") +
        "message V { optional group Grp = 1 { optional int32 y = 1; } } option (v) = { Grp { y: 1 } };",
    ),
  );
  add(
    "aggregate group lower",
    proto2(
      extending("File", "optional V v = 50001;") +
        "message V { optional group Grp = 1 { optional int32 y = 1; } } option (v) = { grp { y: 1 } };",
    ),
  );
  add(
    "path group lower",
    proto2(
      extending("File", "optional V v = 50001;") +
        "message V { optional group Grp = 1 { optional int32 y = 1; } } option (v).grp.y = 1;",
    ),
  );
  add(
    "path group upper",
    proto2(
      extending("File", "optional V v = 50001;") +
        "message V { optional group Grp = 1 { optional int32 y = 1; } } option (v).Grp.y = 1;",
    ),
  );
  add(
    "aggregate any",
    proto2(
      'import "google/protobuf/any.proto";\n' +
        extending("File", "optional google.protobuf.Any v = 50001;") +
        "message V { optional int32 x = 1; } option (v) = { [type.googleapis.com/a.V] { x: 1 } };",
    ),
  );
  add(
    "aggregate any unknown type",
    proto2(
      'import "google/protobuf/any.proto";\n' +
        extending("File", "optional google.protobuf.Any v = 50001;") +
        "option (v) = { [type.googleapis.com/a.V] { x: 1 } };",
    ),
  );
  add(
    "aggregate any odd domain",
    proto2(
      'import "google/protobuf/any.proto";\n' +
        extending("File", "optional google.protobuf.Any v = 50001;") +
        "message V { optional int32 x = 1; } option (v) = { [example.com/a.V] { x: 1 } };",
    ),
  );
  add(
    "aggregate any twice",
    proto2(
      'import "google/protobuf/any.proto";\n' +
        extending("File", "optional google.protobuf.Any v = 50001;") +
        "message V { optional int32 x = 1; } option (v) = { [type.googleapis.com/a.V] { x: 1 } [type.googleapis.com/a.V] { x: 1 } };",
    ),
  );
  add(
    "aggregate any and type_url",
    proto2(
      'import "google/protobuf/any.proto";\n' +
        extending("File", "optional google.protobuf.Any v = 50001;") +
        'message V { optional int32 x = 1; } option (v) = { type_url: "x" [type.googleapis.com/a.V] { x: 1 } };',
    ),
  );
  add(
    "aggregate any of scalar",
    proto2(
      'import "google/protobuf/any.proto";\n' +
        extending("File", "optional google.protobuf.Any v = 50001;") +
        "message V { optional int32 x = 1; } option (v) = { [type.googleapis.com/a.V]: 1 };",
    ),
  );
  add(
    "aggregate map",
    proto2(
      extending("File", "optional V v = 50001;") +
        'message V { map<string,int32> m = 1; } option (v) = { m: { key: "a" value: 1 } m { key: "b" } m: [{value: 2}] };',
    ),
  );
  add(
    "aggregate map bad key",
    proto2(
      extending("File", "optional V v = 50001;") +
        "message V { map<string,int32> m = 1; } option (v) = { m: { key: 1 value: 1 } };",
    ),
  );
  add(
    "aggregate map unknown part",
    proto2(
      extending("File", "optional V v = 50001;") +
        'message V { map<string,int32> m = 1; } option (v) = { m: { kee: "1" value: 1 } };',
    ),
  );
  add(
    "path into map",
    proto2(
      extending("File", "optional V v = 50001;") +
        'message V { map<string,int32> m = 1; } option (v).m = { key: "a" value: 1 };',
    ),
  );
  add(
    "path set twice in message",
    proto2(
      extending("File", "optional V v = 50001;") +
        "message V { optional int32 x = 1; optional int32 y = 2; } option (v).x = 1; option (v).y = 2;",
    ),
  );
  add(
    "path set twice same",
    proto2(
      extending("File", "optional V v = 50001;") +
        "message V { optional int32 x = 1; optional int32 y = 2; } option (v).x = 1; option (v).x = 2;",
    ),
  );
  add(
    "path after aggregate",
    proto2(
      extending("File", "optional V v = 50001;") +
        "message V { optional int32 x = 1; optional int32 y = 2; } option (v) = { x: 1 }; option (v).y = 2;",
    ),
  );
  add(
    "aggregate after path",
    proto2(
      extending("File", "optional V v = 50001;") +
        "message V { optional int32 x = 1; optional int32 y = 2; } option (v).y = 2; option (v) = { x: 1 };",
    ),
  );
  add("path through scalar", proto2(extending("File", "optional int32 v = 50001;") + "option (v).y = 2;"));
  add(
    "path oneof twice",
    proto2(
      extending("File", "optional V v = 50001;") +
        "message V { oneof o { int32 x = 1; int32 y = 2; } } option (v).x = 1; option (v).y = 2;",
    ),
  );
  add(
    "required field missing in option",
    proto2(
      extending("File", "optional V v = 50001;") +
        "message V { required int32 x = 1; optional int32 y = 2; } option (v) = { y: 2 };",
    ),
  );
  add(
    "required field missing in path option",
    proto2(
      extending("File", "optional V v = 50001;") +
        "message V { required int32 x = 1; optional int32 y = 2; } option (v).y = 2;",
    ),
  );
  add(
    "required field split in path option",
    proto2(
      extending("File", "optional V v = 50001;") +
        "message V { required int32 x = 1; required int32 y = 2; } option (v).y = 2; option (v).x = 1;",
    ),
  );
  add("required ext option", proto2(extending("File", "required V v = 50001;") + "message V { }"));
  add(
    "grouplike aggregate e23",
    edition2023(
      extending("File", "V v = 50001;") +
        "message V { message Grp { int32 y = 1; } Grp grp = 1 [features.message_encoding = DELIMITED]; } option (v) = { Grp { y: 1 } };",
    ),
  );
  add(
    "grouplike lower aggregate e23",
    edition2023(
      extending("File", "V v = 50001;") +
        "message V { message Grp { int32 y = 1; } Grp grp = 1 [features.message_encoding = DELIMITED]; } option (v) = { grp { y: 1 } };",
    ),
  );
  add(
    "not grouplike aggregate e23",
    edition2023(
      extending("File", "V v = 50001;") +
        "message V { message Grp { int32 y = 1; } Grp grp = 1; } option (v) = { Grp { y: 1 } };",
    ),
  );
});
