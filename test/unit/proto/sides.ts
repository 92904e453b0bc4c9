/** A kind of contract about which protoc and buf differ, and with whom we are. */
export interface Side {
  readonly with: "protoc" | "buf";
  readonly verdict: "refused" | "accepted";
  /** As docs/protos.md has it. */
  readonly about: string;
  /** Titles of the inputs that show it. */
  readonly titles: RegExp;
}

function rows(side: Side["with"], verdict: Side["verdict"], list: Readonly<Record<string, RegExp>>): readonly Side[] {
  return Object.entries(list).map(([about, titles]) => ({ with: side, verdict, about, titles }));
}

/** Every difference between protoc and buf that an input shows. */
export const sides: readonly Side[] = [
  ...rows("protoc", "refused", {
    "options and features on elements they are not for": /^target (?!in any)|^feature .* (service|method|range)$/,
    "extensions that their message declared otherwise, and double declarations": /^decl (missing for ext|dup)/,
    "enum values of proto2 that are alike without their prefix": /^enum prefix conflict proto2$/,
    "an enum in a map of proto2 whose first value is not 0": /^enum in map value not zero proto2$/,
    "values of enums by their number": /^(enum option number|default enum number)$/,
    "octal numbers for floating-point fields in aggregates, and those of more than 64 bits":
      /^(aggregate float .*octal|double (default|option) 65 bits octal)/,
    "defaults of fields with implicit presence": /^default implicit/,
    "a `json_name` with a NUL or in brackets": /^json_name (NUL|brackets)$/,
    "lite files that extend others or have generic services": /^lite (extension of full|service generic)$/,
    "names and packages of excessive length": /^(long identifier|package 512)$/,
    "a name whose first part an inner scope takes": /^scoping enum blocks$/,
    "keywords as types of fields and methods or as values of enums, where they begin something else":
      /^(rpc stream|message type group|keyword field types|field of type|enum value named)/,
    "`export` or `local` twice": /^vis (twice|both)$/,
    "an empty `reserved`": /^reserved empty$/,
    "`0x` without digits": /^number 0x$/,
    "a NUL in a comment": /^NUL in comment$/,
  }),
  ...rows("protoc", "accepted", {
    "hexadecimal numbers for floating-point fields": /^(double (default|option)|default float neg).* hex$/,
    "`1` for a bool in an aggregate": /^bool aggregate 1$/,
    "a group in an aggregate by the name of its message": /^aggregate group$/,
    "reserved numbers from 19000 to 19999 and reserved names that no field could have": /^reserved (19000|name)/,
    "`jstype` and `ctype` on fields that they mean nothing for": /^(jstype normal int32|ctype)/,
    "`EXPANDED` on map fields": /^feature (repeated_field_encoding = )?EXPANDED map/,
    "JSON names of proto2 that meet, or of messages with `deprecated_legacy_json_field_conflicts`": /^json conflict/,
    "a range that asks for declarations and has none, a number of `FeatureSet` that is promised to others":
      /^decl (verification empty no ext|FeatureSet)/,
  }),
  ...rows("buf", "refused", {
    "an extension number that two files use": /^ext number dup/,
    "two members of a oneof in an option": /^path oneof twice$/,
    "half of a surrogate pair, and what lies beyond the last character":
      /^(lone surrogate escape|unicode escape out of range)$/,
    "reserved numbers beyond the last one": /^reserved max\+1$/,
    "a message set without an extension range": /^message set no range$/,
    "a delimited field in an aggregate by the name of its message, in editions": /^grouplike aggregate e23$/,
    "an option inside of an `Any` on an element that it is not for": /^target in any$/,
    "comments with `#` in aggregates": /^aggregate hash comment$/,
  }),
  ...rows("buf", "accepted", {
    "`;` by itself in a oneof or an extend": /^semicolon in/,
    "`/*` inside of a comment": /^comment nested$/,
    "a number that a closed enum lacks, in an aggregate": /^enum aggregate unknown number closed$/,
    "`allow_alias = false`": /^enum alias false$/,
    "a group as the extension of a message set": /^message set ext group$/,
    "a type in a package called `local`": /^type in a package local$/,
    "names of options of any depth": /^nested path 200$/,
  }),
];
