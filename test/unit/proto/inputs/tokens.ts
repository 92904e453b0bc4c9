import { collect, extending, proto2, proto3, type Input } from "./collect.js";

/** Characters, strings and numbers. */
export const tokens: readonly Input[] = collect((add) => {
  add("BOM", "\uFEFF" + proto3("message M {}"));
  add("BOM in the middle", proto3("message M {}\n\uFEFF"));
  add("NUL outside", proto3("message M {}\0"));
  add("NUL in string", proto3('option go_package = "a\0b";'));
  add("NUL in comment", proto3("// a\0b\nmessage M {}"));
  add("CR only line ends", 'syntax = "proto3";\rmessage M {}\r// x\r');
  add("CRLF", 'syntax = "proto3";\r\nmessage M {}\r\n// x\r\n');
  add("form feed", proto3("\fmessage M {}\v"));
  add("nbsp", proto3("message M {\u00a0}"));
  add("unicode in identifier", proto3("message Mé {}"));
  add("unicode in string", proto3('option go_package = "é";'));
  add("raw newline in string", proto3('option go_package = "a\nb";'));
  add("hex escape one digit", proto3(String.raw`option go_package = "\x4";`));
  add("hex escape none", proto3(String.raw`option go_package = "\xg";`));
  add("octal escape big", proto3(String.raw`option go_package = "\477";`));
  add("unicode escape out of range", proto3(String.raw`option go_package = "\U00110000";`));
  add("unicode escape short", proto3(String.raw`option go_package = "\u12";`));
  add("U escape", proto3(String.raw`option go_package = "\U0001F600";`));
  add("lone surrogate escape", proto3(String.raw`option go_package = "\ud800";`));
  add("escape 8", proto3(String.raw`option go_package = "\8";`));
  add("invalid utf8 by escape in string option", proto3(String.raw`option go_package = "\xff";`));
  add(
    "invalid utf8 by escape in string default",
    proto2(String.raw`message M { optional string a = 1 [default = "\xff"]; }`),
  );
  add("line continuation in string", proto3('option go_package = "a\\\nb";'));
  add("number 1.", proto2("message M { optional double a = 1 [default = 1.]; }"));
  add("number .5", proto2("message M { optional double a = 1 [default = .5]; }"));
  add("number 1e", proto2("message M { optional double a = 1 [default = 1e]; }"));
  add("number 1.0f", proto2("message M { optional double a = 1 [default = 1.0f]; }"));
  add(
    "number 1f in aggregate",
    proto2(
      extending("Message", "optional float f = 50001;") +
        "message V { optional float x = 1; } extend google.protobuf.FileOptions { optional V v = 50001; } option (v) = { x: 1.5f };",
    ),
  );
  add("number 0x", proto2("message M { optional int32 a = 1 [default = 0x]; }"));
  add("number 08", proto2("message M { optional int32 a = 1 [default = 08]; }"));
  add("number with plus", proto2("message M { optional int32 a = 1 [default = +1]; }"));
  add("number minus space", proto2("message M { optional int32 a = 1 [default = - 1]; }"));
  add("number double minus", proto2("message M { optional int32 a = 1 [default = --1]; }"));
  add("float for int default", proto2("message M { optional int32 a = 1 [default = 1.0]; }"));
  add(
    "int overflow uint64 for double",
    proto2("message M { optional double a = 1 [default = 18446744073709551616]; }"),
  );
  add("double overflow literal", proto2("message M { optional double a = 1 [default = 1e999]; }"));
  add("float overflow literal", proto2("message M { optional float a = 1 [default = 1e50]; }"));
});
