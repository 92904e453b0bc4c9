/**
 * The options that are built in, as `google/protobuf/descriptor.proto` declares them: what a file may say without
 * importing it. `type name number`, with `*` for repeated fields; a test compares it with the proto that ships with
 * wirespan.
 */
const messages: Readonly<Record<string, string>> = {
  "google.protobuf.FileOptions":
    "string java_package 1, string java_outer_classname 8, bool java_multiple_files 10, " +
    "bool java_generate_equals_and_hash 20, bool java_string_check_utf8 27, " +
    "FileOptions.OptimizeMode optimize_for 9, string go_package 11, bool cc_generic_services 16, " +
    "bool java_generic_services 17, bool py_generic_services 18, bool deprecated 23, bool cc_enable_arenas 31, " +
    "string objc_class_prefix 36, string csharp_namespace 37, string swift_prefix 39, " +
    "string php_class_prefix 40, string php_namespace 41, string php_metadata_namespace 44, " +
    "string ruby_package 45, FeatureSet features 50",
  "google.protobuf.MessageOptions":
    "bool message_set_wire_format 1, bool no_standard_descriptor_accessor 2, bool deprecated 3, " +
    "bool map_entry 7, bool deprecated_legacy_json_field_conflicts 11, FeatureSet features 12",
  "google.protobuf.FieldOptions":
    "FieldOptions.CType ctype 1, bool packed 2, FieldOptions.JSType jstype 6, bool lazy 5, " +
    "bool unverified_lazy 15, bool deprecated 3, bool weak 10, bool debug_redact 16, " +
    "FieldOptions.OptionRetention retention 17, FieldOptions.OptionTargetType* targets 19, " +
    "FieldOptions.EditionDefault* edition_defaults 20, FeatureSet features 21, " +
    "FieldOptions.FeatureSupport feature_support 22",
  "google.protobuf.FieldOptions.EditionDefault": "Edition edition 3, string value 2",
  "google.protobuf.FieldOptions.FeatureSupport":
    "Edition edition_introduced 1, Edition edition_deprecated 2, string deprecation_warning 3, " +
    "Edition edition_removed 4, string removal_error 5",
  "google.protobuf.OneofOptions": "FeatureSet features 1",
  "google.protobuf.EnumOptions":
    "bool allow_alias 2, bool deprecated 3, bool deprecated_legacy_json_field_conflicts 6, FeatureSet features 7",
  "google.protobuf.EnumValueOptions":
    "bool deprecated 1, FeatureSet features 2, bool debug_redact 3, FieldOptions.FeatureSupport feature_support 4",
  "google.protobuf.ServiceOptions": "FeatureSet features 34, bool deprecated 33",
  "google.protobuf.MethodOptions":
    "bool deprecated 33, MethodOptions.IdempotencyLevel idempotency_level 34, FeatureSet features 35",
  "google.protobuf.ExtensionRangeOptions":
    "ExtensionRangeOptions.Declaration* declaration 2, FeatureSet features 50, " +
    "ExtensionRangeOptions.VerificationState verification 3",
  "google.protobuf.ExtensionRangeOptions.Declaration":
    "int32 number 1, string full_name 2, string type 3, bool reserved 5, bool repeated 6",
  "google.protobuf.FeatureSet":
    "FeatureSet.FieldPresence field_presence 1, FeatureSet.EnumType enum_type 2, " +
    "FeatureSet.RepeatedFieldEncoding repeated_field_encoding 3, FeatureSet.Utf8Validation utf8_validation 4, " +
    "FeatureSet.MessageEncoding message_encoding 5, FeatureSet.JsonFormat json_format 6, " +
    "FeatureSet.EnforceNamingStyle enforce_naming_style 7, " +
    "FeatureSet.VisibilityFeature.DefaultSymbolVisibility default_symbol_visibility 8, " +
    "FeatureSet.ProtoLimitsFeature.EnforceProtoLimits enforce_proto_limits 9",
};

const enums: Readonly<Record<string, string>> = {
  "google.protobuf.Edition":
    "EDITION_UNKNOWN=0 EDITION_LEGACY=900 EDITION_PROTO2=998 EDITION_PROTO3=999 EDITION_2023=1000 " +
    "EDITION_2024=1001 EDITION_2026=1002 EDITION_UNSTABLE=9999 EDITION_1_TEST_ONLY=1 EDITION_2_TEST_ONLY=2 " +
    "EDITION_99997_TEST_ONLY=99997 EDITION_99998_TEST_ONLY=99998 EDITION_99999_TEST_ONLY=99999 " +
    "EDITION_MAX=2147483647",
  "google.protobuf.FileOptions.OptimizeMode": "SPEED=1 CODE_SIZE=2 LITE_RUNTIME=3",
  "google.protobuf.FieldOptions.CType": "STRING=0 CORD=1 STRING_PIECE=2",
  "google.protobuf.FieldOptions.JSType": "JS_NORMAL=0 JS_STRING=1 JS_NUMBER=2",
  "google.protobuf.FieldOptions.OptionRetention": "RETENTION_UNKNOWN=0 RETENTION_RUNTIME=1 RETENTION_SOURCE=2",
  "google.protobuf.FieldOptions.OptionTargetType":
    "TARGET_TYPE_UNKNOWN=0 TARGET_TYPE_FILE=1 TARGET_TYPE_EXTENSION_RANGE=2 TARGET_TYPE_MESSAGE=3 " +
    "TARGET_TYPE_FIELD=4 TARGET_TYPE_ONEOF=5 TARGET_TYPE_ENUM=6 TARGET_TYPE_ENUM_ENTRY=7 TARGET_TYPE_SERVICE=8 " +
    "TARGET_TYPE_METHOD=9",
  "google.protobuf.MethodOptions.IdempotencyLevel": "IDEMPOTENCY_UNKNOWN=0 NO_SIDE_EFFECTS=1 IDEMPOTENT=2",
  "google.protobuf.ExtensionRangeOptions.VerificationState": "DECLARATION=0 UNVERIFIED=1",
  "google.protobuf.FeatureSet.FieldPresence": "FIELD_PRESENCE_UNKNOWN=0 EXPLICIT=1 IMPLICIT=2 LEGACY_REQUIRED=3",
  "google.protobuf.FeatureSet.EnumType": "ENUM_TYPE_UNKNOWN=0 OPEN=1 CLOSED=2",
  "google.protobuf.FeatureSet.RepeatedFieldEncoding": "REPEATED_FIELD_ENCODING_UNKNOWN=0 PACKED=1 EXPANDED=2",
  "google.protobuf.FeatureSet.Utf8Validation": "UTF8_VALIDATION_UNKNOWN=0 VERIFY=2 NONE=3",
  "google.protobuf.FeatureSet.MessageEncoding": "MESSAGE_ENCODING_UNKNOWN=0 LENGTH_PREFIXED=1 DELIMITED=2",
  "google.protobuf.FeatureSet.JsonFormat": "JSON_FORMAT_UNKNOWN=0 ALLOW=1 LEGACY_BEST_EFFORT=2",
  "google.protobuf.FeatureSet.EnforceNamingStyle":
    "ENFORCE_NAMING_STYLE_UNKNOWN=0 STYLE2024=1 STYLE_LEGACY=2 STYLE2026=3",
  "google.protobuf.FeatureSet.VisibilityFeature.DefaultSymbolVisibility":
    "DEFAULT_SYMBOL_VISIBILITY_UNKNOWN=0 EXPORT_ALL=1 EXPORT_TOP_LEVEL=2 LOCAL_ALL=3 STRICT=4",
  "google.protobuf.FeatureSet.ProtoLimitsFeature.EnforceProtoLimits":
    "PROTO_LIMITS_UNKNOWN=0 LEGACY_NO_EXPLICIT_LIMITS=1 PROTO_LIMITS2026=2",
};

/** Where and since when a built-in option may be set; an edition without a text has none. */
export interface BuiltInLimits {
  readonly targets?: string;
  readonly introduced?: string;
  readonly removed?: string;
  readonly removalError?: string;
}

const everywhere = "FILE EXTENSION_RANGE MESSAGE FIELD ONEOF ENUM ENUM_ENTRY SERVICE METHOD";

const limits: Readonly<Record<string, BuiltInLimits>> = {
  "google.protobuf.FileOptions.java_multiple_files": {
    introduced: "EDITION_PROTO2",
    removed: "EDITION_2024",
    removalError:
      "This behavior is enabled by default in editions 2024 and above. To disable it, you can set " +
      "`features.(pb.java).nest_in_file_class = YES` on individual messages, enums, or services.",
  },
  "google.protobuf.FileOptions.cc_enable_arenas": {
    removed: "EDITION_2026",
    removalError:
      "cc_enable_arenas is enabled by default in every edition and overrides are ignored." +
      "This option is removed in editions 2026 and above.",
  },
  "google.protobuf.FeatureSet.field_presence": { targets: "FIELD FILE", introduced: "EDITION_2023" },
  "google.protobuf.FeatureSet.enum_type": { targets: "ENUM FILE", introduced: "EDITION_2023" },
  "google.protobuf.FeatureSet.repeated_field_encoding": { targets: "FIELD FILE", introduced: "EDITION_2023" },
  "google.protobuf.FeatureSet.utf8_validation": { targets: "FIELD FILE", introduced: "EDITION_2023" },
  "google.protobuf.FeatureSet.message_encoding": { targets: "FIELD FILE", introduced: "EDITION_2023" },
  "google.protobuf.FeatureSet.json_format": { targets: "MESSAGE ENUM FILE", introduced: "EDITION_2023" },
  "google.protobuf.FeatureSet.enforce_naming_style": { targets: everywhere, introduced: "EDITION_2024" },
  "google.protobuf.FeatureSet.default_symbol_visibility": { targets: "FILE", introduced: "EDITION_2024" },
  "google.protobuf.FeatureSet.enforce_proto_limits": {
    targets: "ENUM MESSAGE FIELD ONEOF",
    introduced: "EDITION_2026",
  },
};

// looked up by names from contracts, so maps: an object would know `constructor`

/** Fields by full message name. */
export const builtInMessages: ReadonlyMap<string, string> = new Map(Object.entries(messages));

/** Values with their numbers by full enum name. */
export const builtInEnums: ReadonlyMap<string, string> = new Map(Object.entries(enums));

/** Limits by full field name, of the options that have some. */
export const builtInLimits: ReadonlyMap<string, BuiltInLimits> = new Map(Object.entries(limits));
