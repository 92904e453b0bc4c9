/**
 * The options that are built in, as `google/protobuf/descriptor.proto` declares them: what a file may say without
 * importing it. `type name`, with `*` for repeated fields; a test compares it with the proto that ships with wirespan.
 */
const messages: Readonly<Record<string, string>> = {
  "google.protobuf.FileOptions":
    "string java_package, string java_outer_classname, bool java_multiple_files, bool java_generate_equals_and_hash, " +
    "bool java_string_check_utf8, FileOptions.OptimizeMode optimize_for, string go_package, bool cc_generic_services, " +
    "bool java_generic_services, bool py_generic_services, bool deprecated, bool cc_enable_arenas, " +
    "string objc_class_prefix, string csharp_namespace, string swift_prefix, string php_class_prefix, " +
    "string php_namespace, string php_metadata_namespace, string ruby_package, FeatureSet features",
  "google.protobuf.MessageOptions":
    "bool message_set_wire_format, bool no_standard_descriptor_accessor, bool deprecated, bool map_entry, " +
    "bool deprecated_legacy_json_field_conflicts, FeatureSet features",
  "google.protobuf.FieldOptions":
    "FieldOptions.CType ctype, bool packed, FieldOptions.JSType jstype, bool lazy, bool unverified_lazy, " +
    "bool deprecated, bool weak, bool debug_redact, FieldOptions.OptionRetention retention, " +
    "FieldOptions.OptionTargetType* targets, FieldOptions.EditionDefault* edition_defaults, FeatureSet features, " +
    "FieldOptions.FeatureSupport feature_support",
  "google.protobuf.FieldOptions.EditionDefault": "Edition edition, string value",
  "google.protobuf.FieldOptions.FeatureSupport":
    "Edition edition_introduced, Edition edition_deprecated, string deprecation_warning, Edition edition_removed, " +
    "string removal_error",
  "google.protobuf.OneofOptions": "FeatureSet features",
  "google.protobuf.EnumOptions":
    "bool allow_alias, bool deprecated, bool deprecated_legacy_json_field_conflicts, FeatureSet features",
  "google.protobuf.EnumValueOptions":
    "bool deprecated, FeatureSet features, bool debug_redact, FieldOptions.FeatureSupport feature_support",
  "google.protobuf.ServiceOptions": "FeatureSet features, bool deprecated",
  "google.protobuf.MethodOptions":
    "bool deprecated, MethodOptions.IdempotencyLevel idempotency_level, FeatureSet features",
  "google.protobuf.ExtensionRangeOptions":
    "ExtensionRangeOptions.Declaration* declaration, FeatureSet features, " +
    "ExtensionRangeOptions.VerificationState verification",
  "google.protobuf.ExtensionRangeOptions.Declaration":
    "int32 number, string full_name, string type, bool reserved, bool repeated",
  "google.protobuf.FeatureSet":
    "FeatureSet.FieldPresence field_presence, FeatureSet.EnumType enum_type, " +
    "FeatureSet.RepeatedFieldEncoding repeated_field_encoding, FeatureSet.Utf8Validation utf8_validation, " +
    "FeatureSet.MessageEncoding message_encoding, FeatureSet.JsonFormat json_format, " +
    "FeatureSet.EnforceNamingStyle enforce_naming_style, " +
    "FeatureSet.VisibilityFeature.DefaultSymbolVisibility default_symbol_visibility, " +
    "FeatureSet.ProtoLimitsFeature.EnforceProtoLimits enforce_proto_limits",
};

const enums: Readonly<Record<string, string>> = {
  "google.protobuf.Edition":
    "EDITION_UNKNOWN=0 EDITION_LEGACY=900 EDITION_PROTO2=998 EDITION_PROTO3=999 EDITION_2023=1000 EDITION_2024=1001 " +
    "EDITION_2026=1002 EDITION_UNSTABLE=9999 EDITION_1_TEST_ONLY=1 EDITION_2_TEST_ONLY=2 " +
    "EDITION_99997_TEST_ONLY=99997 EDITION_99998_TEST_ONLY=99998 EDITION_99999_TEST_ONLY=99999 EDITION_MAX=2147483647",
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

// looked up by names from contracts, so maps: an object would know `constructor`

/** Fields by full message name. */
export const builtInMessages: ReadonlyMap<string, string> = new Map(Object.entries(messages));

/** Values with their numbers by full enum name. */
export const builtInEnums: ReadonlyMap<string, string> = new Map(Object.entries(enums));
