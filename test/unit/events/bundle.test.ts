import { expect, it } from "vitest";
import { bundleFiles } from "../messages/support.js";
import { emitEvents } from "./support.js";

const document = `asyncapi: 3.0.0
info: { title: Orders, version: 1.0.0 }
channels:
  used: { address: used, messages: { usedMessage: { $ref: "#/components/messages/Used" } } }
  unused:
    address: unused
    messages:
      first: { $ref: "#/components/messages/First" }
      second: { $ref: "#/components/messages/Second" }
components:
  messages:
    Used: { payload: { type: object, properties: { usedName: { type: string } } } }
    First: { payload: { type: object, properties: { firstName: { type: string, format: uuid } } } }
    Second:
      payload:
        type: object
        properties: { secondNames: { type: array, items: { type: object, properties: { inner: { type: integer } } } } }
`;

it("M35: a bundle has the payloads that a program uses, and none of the others of their file", async () => {
  const { files } = await emitEvents(document);
  const text = await bundleFiles(files, 'export { UsedPayload } from "emitted/doc.events.js";');
  expect(text).toContain("usedName");
  for (const unused of ["firstName", "secondNames", "inner"]) expect(text).not.toContain(unused);
  expect(await bundleFiles(files, 'import { UsedPayload } from "emitted/doc.events.js";')).toBe("");
});
