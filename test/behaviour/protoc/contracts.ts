/** Edition 2024: features at every level, custom options, comments of all kinds, `import option`. */
export const editionsProto = `// The header.

// Licence.
edition = "2024";

// About the package.
package acme.editions.v1;

import "acme/editions/v1/local.proto";
import public "google/protobuf/timestamp.proto";
import option "wirespan/options.proto";

option features.field_presence = IMPLICIT;

// Detached from everything.

// An order.
// - with a list
//   and a second line
message Order { // behind the brace
  // Explicit again.
  string id = 1 [features.field_presence = EXPLICIT]; // behind the field
  /* A block
   * of two lines. */
  repeated int32 counts = 2 [features.repeated_field_encoding = EXPANDED];
  Item item = 3 [features.message_encoding = DELIMITED];
  string label = 4 [json_name = "theLabel", deprecated = true];
  int32 level = 5 [features.field_presence = EXPLICIT, default = -7];
  Kind kind = 6 [features.field_presence = LEGACY_REQUIRED];
  map<string, Item> items = 7;
  oneof choice {
    string text = 8;
    Item other = 9;
  }
  google.protobuf.Timestamp at = 10;
  Shared.Inner inner = 11;
  reserved 20 to 30, 40;
  reserved old, older;
  extensions 100 to 199;

  export message Item {
    bytes data = 1;
  }
}

enum Kind {
  option features.enum_type = CLOSED;
  // Nothing known.
  KIND_UNKNOWN = 0;
  KIND_NEW = 1 [deprecated = true];
}

extend Order {
  string note = 100;
  repeated Shared shared = 101;
}

// Takes orders.
service OrderService {
  // Reads one.
  rpc Get(Order) returns (Order) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (wirespan.options.v1.method) = { timeout { seconds: 2 } };
  }
  rpc Watch(stream Order) returns (stream Shared);
}
`;

/** A neighbour whose visibility and style are options that compilers keep to themselves. */
export const localProto = `edition = "2024";

package acme.editions.v1;

option features.default_symbol_visibility = EXPORT_ALL;
option features.enforce_naming_style = STYLE_LEGACY;

message Shared {
  Inner inner = 1;
  string BadlyNamed = 2;

  message Inner {
    string name = 1 [default = "x\\ty\\"\\303\\274"];
  }
}
`;

/** Uses what another file exports by a word of its own. */
export const useProto = `edition = "2024";

package acme.editions.v1;

import "acme/editions/v1/editions.proto";

message Use {
  Order.Item item = 1;
}
`;

/** proto2 without a syntax statement: groups, required fields, defaults, extensions, a message set. */
export const groupsProto = `// Before everything.

package acme.groups;

message Tree {
  required string name = 1;
  // The left side.
  optional group Left = 2 {
    optional int32 weight = 1 [default = 3];
  }
  repeated group Leaf = 3 {
    optional bytes data = 1 [default = "a\\000\\377"];
  }
  oneof side {
    group Right = 4 {
      optional double far = 1 [default = -inf];
    }
    float near = 5;
  }
  optional uint64 huge = 6 [default = 18446744073709551615];
  extensions 100 to max;
}

message Set {
  option message_set_wire_format = true;
  extensions 4 to max;
}

message Member {
  extend Set {
    optional Member member = 7;
  }
  optional sint32 depth = 1;
}

extend Tree {
  optional group Extra = 100 {
    optional bool flag = 1;
  }
  repeated int32 rings = 101 [packed = true];
}
`;
