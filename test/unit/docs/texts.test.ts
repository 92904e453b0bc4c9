import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { generators } from "../../../src/generators/index.js";
import { brokers } from "../../../src/model/index.js";
import * as queue from "../../../src/runtime/queue/index.js";
import * as interceptors from "../../../src/runtime/interceptors/index.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), "utf8");

const pages = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  "bench/README.md",
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".md"))
    .map((path) => `docs/${path.replaceAll("\\", "/")}`),
];

test.each(pages)("links in %s lead somewhere", (page) => {
  const links = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
  const files = links.filter((link) => !/^([a-z]+:|#)/.test(link)).map((link) => link.replace(/#.*$/, ""));
  expect(files.filter((link) => !existsSync(join(root, dirname(page), link)))).toEqual([]);
});

/** An interceptor is a file that exports a function of its name. */
const files = readdirSync(join(root, "src/runtime/interceptors"));

describe("there is a page for", () => {
  test("every generator", () => {
    for (const { id } of generators) expect(read(`docs/generators/${id}.md`)).toContain(`# ${id}`);
  });

  test("every broker that has an adapter", () => {
    const adapters = brokers.filter(({ adapter }) => adapter).map(({ id }) => id);
    expect(adapters.filter((id) => !existsSync(join(root, `docs/brokers/${id}.md`)))).toEqual([]);
  });

  test("every broker, and the list of pages has it", () => {
    const list = read("docs/brokers/README.md");
    for (const { id, adapter } of brokers) if (adapter) expect(list).toContain(`](${id}.md)`);
  });

  test("what programs import themselves beside generated code", () => {
    expect(read("docs/queues.md")).toContain('from "@wirespan/runtime/queue"');
    expect(Object.keys(queue)).toEqual(
      expect.arrayContaining(["configurePublisher", "PermanentError", "QueueError", "ReplyError"]),
    );
  });

  test("every interceptor", () => {
    const names = Object.keys(interceptors).filter((name) => files.includes(`${name}.ts`));
    expect(names.length).toBeGreaterThan(5);
    for (const name of names) expect(read(`docs/interceptors/${name}.md`)).toContain(`# ${name}`);
  });
});

describe("docs/status.md", () => {
  const rows = read("docs/status.md")
    .split("\n")
    .filter((line) => /^\| [MFT]\d+ /.test(line))
    .map((line) => line.split("|").map((cell) => cell.trim()));

  test.each(rows.map(([, id = "", , shown = ""]) => [id, shown] as const))(
    "%s names tests that carry the id",
    (id, shown) => {
      for (const [, file = ""] of shown.matchAll(/`([^`]+)`/g)) expect(read(file)).toMatch(new RegExp(`\\b${id}\\b`));
    },
  );
});
