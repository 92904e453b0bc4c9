import { collect, edition2023, edition2024, proto2, proto3, type Input } from "./collect.js";

/** Features of editions. */
export const features: readonly Input[] = collect((add) => {
  const F = [
    "field_presence = IMPLICIT",
    "enum_type = CLOSED",
    "repeated_field_encoding = EXPANDED",
    "utf8_validation = NONE",
    "message_encoding = DELIMITED",
    "json_format = LEGACY_BEST_EFFORT",
    "enforce_naming_style = STYLE_LEGACY",
    "default_symbol_visibility = EXPORT_ALL",
  ];
  for (const f of F) {
    const o = `option features.${f};`;
    const i = `[features.${f}]`;
    add(`feature ${f} file`, edition2024(`${o} `));
    add(`feature ${f} message`, edition2024(`message M { ${o} }`));
    add(`feature ${f} enum`, edition2024(`enum E { ${o} E_A = 0; }`));
    add(`feature ${f} oneof`, edition2024(`message M { oneof o { ${o} int32 a = 1; } }`));
    add(`feature ${f} field`, edition2024(`message M { repeated int32 a = 1 ${i}; }`));
    add(`feature ${f} string field`, edition2024(`message M { string a = 1 ${i}; }`));
    add(`feature ${f} message field`, edition2024(`message M { M a = 1 ${i}; }`));
    add(`feature ${f} map field`, edition2024(`message M { map<string,M> a = 1 ${i}; }`));
    add(`feature ${f} map string int field`, edition2024(`message M { map<int32,int32> a = 1 ${i}; }`));
    add(`feature ${f} enum value`, edition2024(`enum E { E_A = 0 ${i}; }`));
    add(`feature ${f} service`, edition2024(`service S { ${o} }`));
    add(`feature ${f} method`, edition2024(`message M {} service S { rpc A(M) returns (M) { ${o} } }`));
    add(`feature ${f} range`, edition2024(`message M { extensions 1 ${i}; }`));
    add(`feature ${f} ext`, edition2024(`message M { extensions 1; } extend M { int32 a = 1 ${i}; }`));
    add(`feature ${f} oneof field`, edition2024(`message M { oneof o { int32 a = 1 ${i}; } }`));
    add(`feature ${f} in e23`, edition2023(o));
    add(`feature ${f} in p3`, proto3(o));
    add(`feature ${f} in p2`, proto2(o));
  }
  add("feature aggregate", edition2023("option features = { field_presence: IMPLICIT };"));
  add("feature aggregate on message", edition2023("message M { option features = { field_presence: IMPLICIT }; }"));
  add(
    "feature aggregate twice",
    edition2023("option features = { field_presence: IMPLICIT }; option features.enum_type = CLOSED;"),
  );
  add(
    "feature set twice",
    edition2023("option features.field_presence = IMPLICIT; option features.field_presence = EXPLICIT;"),
  );
  add("feature unknown", edition2023("option features.foo = IMPLICIT;"));
  add("feature unknown value", edition2023("option features.field_presence = FOO;"));
  add("feature unknown zero", edition2023("option features.field_presence = FIELD_PRESENCE_UNKNOWN;"));
  add("feature enum unknown zero", edition2023("enum E { option features.enum_type = ENUM_TYPE_UNKNOWN; A = 0; }"));
  add("feature LEGACY_REQUIRED file", edition2023("option features.field_presence = LEGACY_REQUIRED;"));
  add(
    "feature LEGACY_REQUIRED field",
    edition2023("message M { int32 a = 1 [features.field_presence = LEGACY_REQUIRED]; }"),
  );
  add(
    "feature LEGACY_REQUIRED message field",
    edition2023("message M { M a = 1 [features.field_presence = LEGACY_REQUIRED]; }"),
  );
  add(
    "feature LEGACY_REQUIRED repeated",
    edition2023("message M { repeated int32 a = 1 [features.field_presence = LEGACY_REQUIRED]; }"),
  );
  add(
    "feature LEGACY_REQUIRED oneof",
    edition2023("message M { oneof o { int32 a = 1 [features.field_presence = LEGACY_REQUIRED]; } }"),
  );
  add(
    "feature LEGACY_REQUIRED ext",
    edition2023("message M { extensions 1; } extend M { int32 a = 1 [features.field_presence = LEGACY_REQUIRED]; }"),
  );
  add(
    "feature EXPLICIT ext",
    edition2023("message M { extensions 1; } extend M { int32 a = 1 [features.field_presence = EXPLICIT]; }"),
  );
  add("feature EXPLICIT message", edition2023("message M { M a = 1 [features.field_presence = EXPLICIT]; }"));
  add(
    "feature EXPLICIT oneof",
    edition2023("message M { oneof o { int32 a = 1 [features.field_presence = EXPLICIT]; } }"),
  );
  add(
    "feature PACKED string",
    edition2023("message M { repeated string a = 1 [features.repeated_field_encoding = PACKED]; }"),
  );
  add(
    "feature EXPANDED string",
    edition2023("message M { repeated string a = 1 [features.repeated_field_encoding = EXPANDED]; }"),
  );
  add(
    "feature EXPANDED map",
    edition2023("message M { map<string,string> a = 1 [features.repeated_field_encoding = EXPANDED]; }"),
  );
  add("feature utf8 bytes", edition2023("message M { bytes a = 1 [features.utf8_validation = NONE]; }"));
  add(
    "feature utf8 repeated string",
    edition2023("message M { repeated string a = 1 [features.utf8_validation = NONE]; }"),
  );
  add("feature utf8 map bytes", edition2023("message M { map<int32,bytes> a = 1 [features.utf8_validation = NONE]; }"));
  add(
    "feature utf8 map key string",
    edition2023("message M { map<string,bytes> a = 1 [features.utf8_validation = NONE]; }"),
  );
  add(
    "feature delimited map",
    edition2023("message M { map<string,M> a = 1 [features.message_encoding = DELIMITED]; }"),
  );
  add(
    "feature delimited repeated",
    edition2023("message M { repeated M a = 1 [features.message_encoding = DELIMITED]; }"),
  );
  add(
    "feature delimited ext",
    edition2023("message M { extensions 1; } extend M { M a = 1 [features.message_encoding = DELIMITED]; }"),
  );
  add(
    "feature by oneof",
    edition2023("message M { oneof o { option features.(pb.cpp).string_type = VIEW; string a = 1; } }"),
  );
  add(
    "feature visibility EXPORT on message",
    edition2024("message M { option features.default_symbol_visibility = LOCAL_ALL; }"),
  );
  add(
    "features on all kinds empty",
    edition2023(
      "option features = {}; message M { option features = {}; oneof o { option features = {}; int32 a = 1 [features = {}]; } }",
    ),
  );
  add(
    "pb.cpp",
    edition2023(
      'import "google/protobuf/cpp_features.proto"; message M { string a = 1 [features.(pb.cpp).string_type = VIEW]; }',
    ),
  );
  add("pb.cpp unimported", edition2023("message M { string a = 1 [features.(pb.cpp).string_type = VIEW]; }"));
  add(
    "pb.java",
    edition2023('import "google/protobuf/java_features.proto"; option features.(pb.java).utf8_validation = VERIFY;'),
  );
  add(
    "pb.java aggregate",
    edition2023(
      'import "google/protobuf/java_features.proto"; option features = { [pb.java] { utf8_validation: VERIFY } };',
    ),
  );
  add(
    "pb.java deprecated 2024",
    edition2024(
      'import option "google/protobuf/java_features.proto"; option features.(pb.java).utf8_validation = VERIFY;',
    ),
  );
  add(
    "pb.java nest 2023",
    edition2023(
      'import "google/protobuf/java_features.proto"; message M { option features.(pb.java).nest_in_file_class = YES; }',
    ),
  );
  add(
    "pb.java nest 2024",
    edition2024(
      'import option "google/protobuf/java_features.proto"; message M { option features.(pb.java).nest_in_file_class = YES; }',
    ),
  );
  add(
    "pb.java nest legacy 2024",
    edition2024(
      'import option "google/protobuf/java_features.proto"; message M { option features.(pb.java).nest_in_file_class = LEGACY; }',
    ),
  );
  add(
    "pb.java nest on file",
    edition2024(
      'import option "google/protobuf/java_features.proto"; option features.(pb.java).nest_in_file_class = YES;',
    ),
  );
  add(
    "pb.java nest on field",
    edition2024(
      'import option "google/protobuf/java_features.proto"; message M { int32 a = 1 [features.(pb.java).nest_in_file_class = YES]; }',
    ),
  );
  add(
    "pb.java removed feature",
    edition2024(
      'import option "google/protobuf/java_features.proto"; option features.(pb.java).use_old_outer_classname_default = true;',
    ),
  );
  add(
    "pb.java large_enum 2023",
    edition2023(
      'import "google/protobuf/java_features.proto"; enum E { option features.(pb.java).large_enum = true; A = 0; }',
    ),
  );
  add(
    "pb.cpp enum_name e24",
    edition2024(
      'import option "google/protobuf/cpp_features.proto"; enum E { option features.(pb.cpp).enum_name_uses_string_view = false; E_A = 0; }',
    ),
  );
  add(
    "pb.cpp legacy closed deprecated",
    edition2023(
      'import "google/protobuf/cpp_features.proto"; enum E { A = 0; } message M { E a = 1 [features.(pb.cpp).legacy_closed_enum = true]; }',
    ),
  );
  add(
    "pb.cpp legacy closed proto2",
    proto2(
      'import "google/protobuf/cpp_features.proto"; enum E { A = 0; } message M { optional E a = 1 [features.(pb.cpp).legacy_closed_enum = true]; }',
    ),
  );
  add("feature extension custom", edition2023('import "b.proto"; option features.(b.f).x = true;'), {
    "b.proto":
      'syntax = "proto2"; package b; import "google/protobuf/descriptor.proto"; extend google.protobuf.FeatureSet { optional X f = 9995; } message X { optional bool x = 1 [targets = TARGET_TYPE_FILE, retention = RETENTION_RUNTIME, feature_support = { edition_introduced: EDITION_2023 }, edition_defaults = { edition: EDITION_LEGACY, value: "false" }]; }',
  });
});
