import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "../../support/compile.js";
import { corpus, haveCorpus } from "../../support/corpus.js";
import { linesOfDescriptor, linesOfModel, type FileDescriptor } from "../../support/descriptor-set.js";
import { modelFromDisk } from "../../support/model.js";

const buf = join(root, "node_modules/.bin/buf");
const haveBuf = existsSync(buf);
if (!haveBuf)
  console.warn("skipped: the comparison with buf's descriptors needs @bufbuild/buf, which is not installed");

/** What of the corpus is compared: each kind of syntax, comment and option, and what they import. */
const samples: Readonly<Record<string, readonly string[]>> = {
  protobuf: [
    "google/protobuf/unittest_import_public.proto",
    "google/protobuf/unittest_import.proto",
    "google/protobuf/unittest.proto",
    "google/protobuf/unittest_proto3_optional.proto",
    "google/protobuf/unittest_features.proto",
    "google/protobuf/map_unittest.proto",
    "google/protobuf/test_messages_proto3.proto",
    "google/protobuf/descriptor.proto",
    "google/protobuf/cpp_features.proto",
    "editions/codegen_tests/proto2_group.proto",
    "editions/codegen_tests/proto2_inline_comments.proto",
    "editions/codegen_tests/proto2_multiline_comments.proto",
    "editions/codegen_tests/edition2024_default_symbol_visibility.proto",
  ],
  "openapi/_include": [
    "google/api/annotations.proto",
    "google/api/http.proto",
    "google/rpc/status.proto",
    "google/longrunning/operations.proto",
    "google/api/field_behavior.proto",
    "google/api/client.proto",
    "google/api/launch_stage.proto",
  ],
};

describe.skipIf(!haveBuf || !haveCorpus("the comparison with buf's descriptors"))(
  "the model says what buf's descriptors say: structure, options, positions and comments",
  () => {
    let work = "";
    beforeAll(() => {
      work = mkdtempSync(join(tmpdir(), "wirespan-oracle-"));
    });
    afterAll(() => rmSync(work, { recursive: true, force: true }));

    test.each(Object.entries(samples))("%s", (folder, paths) => {
      const source = join(corpus, folder);
      const module = join(work, folder);
      for (const path of paths) {
        if (!existsSync(join(source, path))) continue;
        mkdirSync(dirname(join(module, path)), { recursive: true });
        cpSync(join(source, path), join(module, path));
      }
      const image = join(work, "image.json");
      execFileSync(buf, ["build", module, "--as-file-descriptor-set", "-o", image], { stdio: "pipe" });
      const { file } = JSON.parse(readFileSync(image, "utf8")) as { readonly file: readonly FileDescriptor[] };
      const compared = file.filter(({ name }) => paths.includes(name));
      const { model } = modelFromDisk([module], paths);
      expect(compared.length).toBeGreaterThan(4);
      for (const descriptor of compared) {
        const ours = model.files.get(descriptor.name);
        expect(ours === undefined ? [] : linesOfModel(ours), descriptor.name).toEqual(linesOfDescriptor(descriptor));
      }
    });
  },
);
