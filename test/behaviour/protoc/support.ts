import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { cli } from "../../support/cli.js";
import { root } from "../../support/compile.js";
import { emittedTree, schemas } from "../../support/plugin.js";
import { createProject, type Project } from "../../support/project.js";
import { editionsProto, groupsProto, localProto, useProto } from "./contracts.js";

/** Fixtures whose contracts are protos only. */
const fixtures = [
  "messages-proto2",
  "messages-proto3",
  "rpc-four-modes",
  "rpc-policies",
  "hostile-names",
  "http-bindings",
];

/** `contracts` holds what is generated, `bundled` what it imports of the protos that ship with wirespan. */
export function createContracts(): Project {
  const project = createProject({
    "contracts/acme/editions/v1/editions.proto": editionsProto,
    "contracts/acme/editions/v1/local.proto": localProto,
    "contracts/acme/editions/v1/use.proto": useProto,
    "contracts/acme/groups/groups.proto": groupsProto,
  });
  for (const name of fixtures) {
    cpSync(join(root, "fixtures", name, "input"), join(project.root, "contracts"), { recursive: true });
  }
  cpSync(schemas, join(project.root, "bundled"), { recursive: true });
  // buf has its own
  rmSync(join(project.root, "bundled/google/protobuf"), { recursive: true });
  return project;
}

/** What the command makes of a folder, its documents left out. */
export async function generated(
  project: Project,
  folder: string,
  ...flags: string[]
): Promise<ReadonlyMap<string, string>> {
  const { code, stderr } = await cli(project.root, ["generate", folder, "-I", folder, "--out", "by-cli", ...flags]);
  expect(code, stderr).toBe(0);
  return emittedTree(join(project.root, "by-cli"));
}

/** Every file is there, and no other, with the same bytes. */
export function expectSame(found: ReadonlyMap<string, string>, wanted: ReadonlyMap<string, string>): void {
  expect([...found.keys()]).toEqual([...wanted.keys()]);
  for (const [path, content] of found) expect(content, path).toBe(wanted.get(path));
}
