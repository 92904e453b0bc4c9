import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { delimiter, join } from "node:path";
import { expect, test } from "vitest";
import { haveBuf } from "../../support/descriptor-set/image.js";
import { root } from "../../support/compile.js";
import { buildPlugin, runIn } from "../../support/plugin.js";
import { createProject, helloProto } from "../../support/project.js";
import { provideProtoc } from "../../support/protoc.js";

const page = readFileSync(join(root, "docs/protoc.md"), "utf8");
const protoc = await provideProtoc();

/** The code blocks of one language. */
function blocks(language: string): readonly string[] {
  return [...page.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].flatMap(([, kind, text = ""]) =>
    kind === language ? [text] : [],
  );
}

test.skipIf(protoc === undefined || !haveBuf("docs/protoc.md"))(
  "M4: the commands of docs/protoc.md work as they stand, in a project that has nothing but contracts",
  async () => {
    const plugin = await buildPlugin();
    const commands = blocks("sh");
    expect(commands).toHaveLength(2);
    const trees = [];
    for (const command of commands) {
      const project = createProject({
        "package.json": "{}",
        "contracts/acme/user/v1/user.proto": helloProto.replace("hello.v1", "acme.user.v1"),
      });
      for (const text of blocks("yaml")) project.write(/^# (\S+)/.exec(text)?.[1] ?? "", text);
      // what npm install leaves behind
      const bin = join(project.root, "node_modules/.bin");
      mkdirSync(bin, { recursive: true });
      symlinkSync(plugin, join(bin, "protoc-gen-wirespan"));
      symlinkSync(join(root, "node_modules/.bin/buf"), join(bin, "buf"));
      mkdirSync(join(project.root, "bin"));
      symlinkSync(protoc ?? "", join(project.root, "bin/protoc"));
      const typed = command.replace(/^npm install .*\n/, "");
      const path = `${join(project.root, "bin")}${delimiter}${process.env["PATH"] ?? ""}`;
      const { code, stderr } = await runIn(project.root, "sh", ["-ec", `PATH=${JSON.stringify(path)}\n${typed}`]);
      expect(code, stderr).toBe(0);
      expect(existsSync(join(project.root, "src/gen/acme/user/v1/user.rpc.ts"))).toBe(true);
      trees.push(project.list("src/gen").map((file) => [file, project.read(join("src/gen", file))]));
    }
    expect(trees[1]).toEqual(trees[0]);
  },
);
