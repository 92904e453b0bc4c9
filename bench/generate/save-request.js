// A plugin of protoc that keeps what it is given in a file and generates nothing.
import { readFileSync, writeFileSync } from "node:fs";

writeFileSync(process.argv[2], readFileSync(0));
// field 2, supported_features: FEATURE_PROTO3_OPTIONAL and FEATURE_SUPPORTS_EDITIONS; 3 and 4: proto2 to edition 2024
process.stdout.write(Uint8Array.of(0x10, 3, 0x18, ...varint(998), 0x20, ...varint(1001)));

function varint(value) {
  return [(value & 0x7f) | 0x80, value >> 7];
}
