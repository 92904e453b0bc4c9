import { collect, proto2, proto3, type Input } from "./collect.js";

/** Where what may stand. */
export const syntax: readonly Input[] = collect((add) => {
  add("extra semicolons", proto3(";;message M { ; string a = 1;; enum E { ; A = 0; ; } oneof o { string x = 2; } };"));
  add("semicolon in oneof", proto3("message M { oneof o { ; string x = 2; } }"));
  add(
    "semicolon in service",
    proto3("message M {} service S { ; rpc A(M) returns (M); ; rpc B(M) returns (M) { ; } ; }"),
  );
  add("semicolon in extend", proto2("message M { extensions 1; } extend M { ; optional int32 x = 1; }"));
  add("rpc with semi after block", proto3("message M {} service S { rpc A(M) returns (M) {}; }"));
  add("empty extend", proto2("message M { extensions 1; } extend M { }"));
  add("empty service", proto3("service S {}"));
  add("empty message with option", proto3("message M { option deprecated = true; }"));
  add("comment nested", proto3("/* a /* b */ message M {}"));
  add("comment unterminated", proto3("/* a"));
  add("comment line at eof", proto3("message M {} // x").trimEnd());
  add("hash comment", proto3("# x"));
  add("string unterminated", proto3('option go_package = "a;'));
  add("string mixed quotes", proto3("option go_package = 'a\";"));
  add("single quotes", proto3("option go_package = 'a';"));
  add("quotes in other quotes", proto3(`option go_package = 'a"b';`));
  add("missing close brace", proto3("message M { string a = 1;"));
  add("extra close brace", proto3("message M { } }"));
  add("number then ident", proto3("message M { string a = 1b; }"));
  add("star", proto3("message M { string a = *; }"));
  add("field eq missing", proto3("message M { string a 1; }"));
  add("field semi missing", proto3("message M { string a = 1 string b = 2; }"));
  add("bracket missing", proto3("message M { string a = 1 [deprecated = true; }"));
  add("repeated missing type", proto3("message M { repeated a = 1; }"));
  add("generic type", proto3("message M { list<string> a = 1; }"));
  add("array type", proto3("message M { string[] a = 1; }"));
  add("service rpc lower keyword", proto3("message M {} service S { Rpc A(M) returns (M); }"));
  add("enum with type", proto3("enum E { string A = 0; }"));
  add("oneof without name", proto3("message M { oneof { string a = 1; } }"));
  add("reserved string concat", proto3('message M { reserved "a" "b"; string ab = 1; }'));
  add("stream without paren", proto3("message M {} service S { rpc A(stream M) returns stream M; }"));
});
