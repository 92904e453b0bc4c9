import { collect, edition2023, proto2, proto3, type Input } from "./collect.js";

/** Field numbers and ranges. */
export const numbers: readonly Input[] = collect((add) => {
  add("field number float", proto3("message M { string a = 1.0; }"));
  add("field number hex octal", proto3("message M { string a = 0x10; string b = 010; }"));
  add("field number negative", proto3("message M { string a = -1; }"));
  add("field number huge", proto3("message M { string a = 4294967297; }"));
  add("field number beyond uint64", proto3("message M { string a = 99999999999999999999; }"));
  add("field number max", proto3("message M { string a = 536870911; }"));
  add("field number max+1", proto3("message M { string a = 536870912; }"));
  add("field number 19000", proto3("message M { string a = 19000; }"));
  add("field number 18999 20000", proto3("message M { string a = 18999; string b = 20000; }"));
  add("field number missing", proto3("message M { string a; }"));
  add("field number name", proto3("message M { string a = b; }"));
  add("map field number dup", proto3("message M { map<string,string> a = 1; string b = 1; }"));
  add("oneof field number dup", proto3("message M { oneof o { string a = 1; } string b = 1; }"));
  add("reserved 0", proto3("message M { reserved 0; }"));
  add("reserved negative", proto3("message M { reserved -1; }"));
  add("reserved max+1", proto3("message M { reserved 536870912; }"));
  add("reserved to max", proto3("message M { reserved 5 to max; }"));
  add("reserved 19000", proto3("message M { reserved 19000 to 19999; }"));
  add("reserved max to max", proto3("message M { reserved max to max; }"));
  add("reserved backwards", proto3("message M { reserved 5 to 4; }"));
  add("reserved equal", proto3("message M { reserved 5 to 5; }"));
  add("reserved overlap across", proto3("message M { reserved 5 to 9; reserved 9; }"));
  add("reserved mixed", proto3('message M { reserved 5, "a"; }'));
  add("reserved mixed 2", proto3('message M { reserved "a", 5; }'));
  add("reserved empty", proto3("message M { reserved ; }"));
  add("reserved trailing comma", proto3("message M { reserved 5, ; }"));
  add("reserved name dup", proto3('message M { reserved "a", "a"; }'));
  add("reserved name not identifier", proto3('message M { reserved "a b"; }'));
  add("reserved name not identifier e23", edition2023('message M { reserved "a b"; }'));
  add("reserved name identifier proto3", proto3("message M { reserved a; }"));
  add("reserved name identifier e23", edition2023("message M { reserved a, b; }"));
  add("reserved name string e23", edition2023('message M { reserved "a"; }'));
  add("reserved name empty", proto3('message M { reserved ""; }'));
  add("reserved used", proto3("message M { reserved 1; string a = 1; }"));
  add("reserved name used", proto3('message M { reserved "a"; string a = 1; }'));
  add("reserved name used in oneof", proto3('message M { reserved "a"; oneof o { string a = 1; } }'));
  add("reserved and extension range overlap", proto2("message M { reserved 5; extensions 1 to 10; }"));
  add("extension range overlap", proto2("message M { extensions 5; extensions 1 to 10; }"));
  add("extension range 0", proto2("message M { extensions 0 to 10; }"));
  add("extension range max+1", proto2("message M { extensions 1 to 536870912; }"));
  add("extension range 19000", proto2("message M { extensions 18000 to 20000; }"));
  add("extension range e23", edition2023("message M { extensions 18000 to 20000; }"));
  add("extension range backwards", proto2("message M { extensions 20 to 10; }"));
  add("extension range max", proto2("message M { extensions 20 to max; }"));
  add(
    "extension range message set max",
    proto2("message M { option message_set_wire_format = true; extensions 4 to max; }"),
  );
  add(
    "extension range message set beyond",
    proto2("message M { option message_set_wire_format = true; extensions 4 to 2147483646; }"),
  );
  add(
    "extension range message set 2147483647",
    proto2("message M { option message_set_wire_format = true; extensions 4 to 2147483647; }"),
  );
  add(
    "extension range message set before option",
    proto2("message M { extensions 4 to max; option message_set_wire_format = true; }"),
  );
  add(
    "ext number in message set",
    proto2(
      "message M { option message_set_wire_format = true; extensions 4 to max; } message N { extend M { optional N n = 2000000000; } }",
    ),
  );
  add("ext number 19500", proto2("message M { extensions 4 to max; } extend M { optional int32 n = 19500; }"));
  add("ext number 0", proto2("message M { extensions 4 to max; } extend M { optional int32 n = 0; }"));
  add(
    "message set with field",
    proto2("message M { option message_set_wire_format = true; optional int32 a = 1; extensions 4 to max; }"),
  );
  add("message set no range", proto2("message M { option message_set_wire_format = true; }"));
  add("message set proto3", proto3("message M { option message_set_wire_format = true; }"));
  add(
    "message set e23",
    edition2023(
      "message M { option message_set_wire_format = true; extensions 4 to max; } message N { extend M { N x = 4; } }",
    ),
  );
  add(
    "message set ext scalar",
    proto2(
      "message M { option message_set_wire_format = true; extensions 4 to max; } extend M { optional int32 n = 5; }",
    ),
  );
  add(
    "message set ext repeated",
    proto2(
      "message M { option message_set_wire_format = true; extensions 4 to max; } message N {} extend M { repeated N n = 5; }",
    ),
  );
  add(
    "message set ext group",
    proto2(
      "message M { option message_set_wire_format = true; extensions 4 to max; } extend M { optional group N = 5 {} }",
    ),
  );
  add("message set false no range", proto2("message M { option message_set_wire_format = false; }"));
  add(
    "message set with reserved",
    proto2("message M { option message_set_wire_format = true; reserved 1000; extensions 4 to 100; }"),
  );
  add(
    "message set with oneof",
    proto2("message M { option message_set_wire_format = true; oneof o { int32 a = 3; } extensions 4 to 100; }"),
  );
  add(
    "ext number dup across files",
    proto2('import "b.proto"; import "c.proto"; extend b.B { optional int32 x = 1; }'),
    {
      "b.proto": 'syntax = "proto2"; package b; message B { extensions 1; }',
      "c.proto": 'syntax = "proto2"; package c; import "b.proto"; extend b.B { optional int32 x = 1; }',
    },
  );
  add("ext number dup unrelated files", proto2('import "b.proto"; extend b.B { optional int32 x = 1; }'), {
    "b.proto": 'syntax = "proto2"; package b; message B { extensions 1; }',
    "c.proto": 'syntax = "proto2"; package c; import "b.proto"; extend b.B { optional int32 x = 1; }',
  });
});
