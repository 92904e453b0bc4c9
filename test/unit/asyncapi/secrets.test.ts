import { describe, expect, test } from "vitest";
import { hideSecrets, printDiagnostics } from "../../../src/diagnostics/index.js";
import { between, pageOf, visibleText } from "../docs/support.js";
import { emitEvents } from "../events/support.js";
import { link } from "./support.js";

function contract(server: string, version = "3.0.0"): string {
  const channels = version.startsWith("3") ? "c: { address: c, messages: { m: {} } }" : "c: {}";
  return `asyncapi: ${version}
info: { title: T, version: "1" }
servers:
  main: ${server}
channels: { ${channels} }
`;
}

describe("F7 who logs in stands in no output", () => {
  test.each([
    ["2.6.0", '{ url: "amqp://admin:SuperSecret2@broker:5672/v", protocol: amqp }', "broker:5672", "/v"],
    ["2.6.0", '{ url: "admin:SuperSecret2@broker", protocol: amqp }', "broker", ""],
    ["2.6.0", '{ url: "amqp://admin:Super/Secret2@broker:5672/v", protocol: amqp }', "broker:5672", "/v"],
    ["3.0.0", '{ host: "admin:SuperSecret2@broker:5672", pathname: /v, protocol: amqp }', "broker:5672", "/v"],
    ["3.0.0", '{ host: "admin:Super@Secret2@broker", protocol: amqp }', "broker", ""],
    ["3.0.0", "{ host: h, pathname: /v?x=1&password=SuperSecret2, protocol: amqp }", "h", "/v?x=1&password=***"],
  ])("%s %s", (version, server, host, pathname) => {
    const linked = link(contract(server, version));
    expect(linked.file?.servers[0]).toMatchObject({ host, pathname });
    expect(linked.diagnostics.map(({ code, origin }) => [code, origin?.line])).toEqual([["E3047", 4]]);
    expect(linked.diagnostics[0]?.severity).toBe("warning");
  });

  test.each(["broker:5672", "{region}.broker:{port}", "[::1]:5672"])("%s stays as it is", (host) => {
    const linked = link(contract(`{ host: "${host}", pathname: /a@b?c=d, protocol: amqp }`));
    expect(linked.diagnostics).toEqual([]);
    expect(linked.file?.servers[0]).toMatchObject({ host, pathname: "/a@b?c=d" });
  });

  const withVariables = contract(
    '{ host: "{user}:{password}@{region}.broker", protocol: amqp, variables: { user: { default: admin }, ' +
      "password: { default: SuperSecret2 }, region: { default: eu } } }",
  );

  test("not as the default of a variable, not in code, not on the page", async () => {
    expect(link(withVariables).file?.servers[0]?.variables.map(({ name }) => name)).toEqual(["region"]);
    expect((await emitEvents(withVariables)).text).not.toMatch(/SuperSecret2|admin/);
    const page = await pageOf({ "doc.yaml": contract('{ host: "admin:SuperSecret2@broker", protocol: amqp }') });
    expect(visibleText(between(page, "<dl", "</dl>"))).toContain("amqp://broker");
    expect(page).not.toMatch(/SuperSecret2|admin/);
  });

  test("not in diagnostics and the lines they show, whose carets stay in place", () => {
    const text = contract('{ host: "admin:Super2@broker", protocol: xyz }').replace(
      "messages: { m: {} }",
      "messages: { m: { payload: { $ref: 'https://bob:TOP@h.example/a.yaml?token=TOP2&v=1' } } }",
    );
    const { diagnostics } = link(text);
    expect(diagnostics.map(({ code }) => code)).toEqual(["E1024", "E3047", "E3030"]);
    expect(diagnostics[0]?.message).toContain("https://***@h.example/a.yaml?token=***&v=1");
    const shown = printDiagnostics(diagnostics, { color: false, width: 200, text: () => text });
    expect(shown).not.toMatch(/TOP|Super2|admin/);
    expect(shown).toContain('4 |   main: { host: "************@broker", protocol: xyz }\n');
    expect(shown).toContain(`  | ${" ".repeat(49)}^^^\n`);
  });
});

test("what is no secret is not hidden", () => {
  const texts = ["mail a@b.c", "https://h/a@b?x=1", "a: b@c", "users/{id}@v1", "proto:acme.User"];
  for (const text of texts) expect(hideSecrets(text)).toBe(text);
});
