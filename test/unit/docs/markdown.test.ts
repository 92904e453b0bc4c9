import { describe, expect, test } from "vitest";
import {
  afterFirstSentence,
  firstSentence,
  renderMarkdown,
  renderSummary,
} from "../../../src/generators/docs/markdown.js";

const targets = new Map([["acme.v1.Book", "#type-acme.v1.Book"]]);
const render = (text: string): string => renderMarkdown(text, (target) => targets.get(target));

describe("blocks", () => {
  test("paragraphs, lists, headings and code", () => {
    expect(render(" One\n two.\n\n Three.")).toBe("<p>One two.</p><p>Three.</p>");
    expect(render("Kinds:\n- `a`\n- b\n  goes on\n\nAfter")).toBe(
      "<p>Kinds:</p><ul><li><code>a</code></li><li>b goes on</li></ul><p>After</p>",
    );
    expect(render("1. first\n2. second")).toBe("<ol><li>first</li><li>second</li></ol>");
    expect(render("## Title\ntext")).toBe("<p><strong>Title</strong></p><p>text</p>");
    expect(render("So:\n\n    a < b\n      c\n\nEnd")).toContain("<code>a &lt; b\n  c</code></pre><p>End</p>");
    expect(render("```json\n{ }\n```")).toContain("<code>{ }</code>");
  });

  test("what is meant for tools is left out", () => {
    expect(render("A book. (-- api-linter: core::0123=disabled --)\nbuf:lint:ignore FIELD\nMore.")).toBe(
      "<p>A book. More.</p>",
    );
  });
});

describe("inline", () => {
  test("code, emphasis, links, references", () => {
    expect(render("a `x<y` **b** _c_ snake_case_name 2*3*4")).toBe(
      "<p>a <code>x&lt;y</code> <strong>b</strong> <em>c</em> snake_case_name 2*3*4</p>",
    );
    expect(render("See [Book][acme.v1.Book], [acme.v1.Book][] and [Shelf][acme.v1.Shelf].")).toBe(
      '<p>See <a href="#type-acme.v1.Book"><code>Book</code></a>, ' +
        '<a href="#type-acme.v1.Book"><code>acme.v1.Book</code></a> and <code>Shelf</code>.</p>',
    );
    expect(render("[**docs**](https://example.com/a?b=1&c=2) or https://example.com/x.")).toBe(
      '<p><a href="https://example.com/a?b=1&amp;c=2" rel="noopener noreferrer"><strong>docs</strong></a> or ' +
        '<a href="https://example.com/x" rel="noopener noreferrer">https://example.com/x</a>.</p>',
    );
    expect(render("[https://a.example](https://b.example)").match(/<a /g)).toHaveLength(1);
  });

  test("nothing of a contract becomes markup", () => {
    expect(render("<script>alert(1)</script>")).toBe("<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>");
    expect(render("[x](javascript:alert(1)) [y](data:text/html,z)")).not.toContain("href");
    expect(render('[x](https://e.example/"onmouseover="alert)')).toContain("&quot;onmouseover=&quot;");
    expect(render("a \u202eb \0c")).toBe("<p>a \ufffdb \ufffdc</p>");
  });

  test("time grows with the text only", () => {
    const started = performance.now();
    for (const piece of ["[", "`", "*a ", "**", "_x", "[a][", "![", "(-- ", "- ", "  - x\n", "h", "https://"]) {
      render(piece.repeat(20_000));
    }
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

test("the first sentence and what follows it", () => {
  const comment = "Finds e.g. one\nuser. Returns `NOT_FOUND` otherwise.\n\nMore.";
  expect(firstSentence(comment)).toBe("Finds e.g. one user");
  expect(afterFirstSentence(comment).trim()).toBe("Returns `NOT_FOUND` otherwise.\n\nMore.");
  expect(afterFirstSentence("Only this.")).toBe("");
  expect(renderSummary("A **bold** move. Next.", () => undefined)).toBe("A <strong>bold</strong> move");
  expect(firstSentence("")).toBe("");
});
