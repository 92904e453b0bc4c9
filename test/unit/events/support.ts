import type { Diagnostic } from "../../../src/diagnostics/index.js";
import { events } from "../../../src/generators/events/index.js";
import { messages } from "../../../src/generators/messages/index.js";
import type { EventsFile, Model } from "../../../src/model/index.js";
import { emitFromModel } from "../../support/emit.js";
import { modelOf } from "../../support/model.js";
import { link } from "../asyncapi/support.js";

export interface Emitted {
  readonly files: Map<string, string>;
  readonly diagnostics: readonly Diagnostic[];
  readonly file: EventsFile;
  readonly model: Model;
  /** The events file. */
  readonly text: string;
}

/** AsyncAPI text (and protos by path) in, emitted files out. */
export async function emitEvents(
  text: string,
  protos: Readonly<Record<string, string>> = {},
  path = "doc.yaml",
): Promise<Emitted> {
  const { model: linkedProtos, diagnostics } = modelOf(protos);
  const linked = link(text, { files: protos, path, messages: [...linkedProtos.messages.values()] });
  const errors = linked.diagnostics.filter(({ severity }) => severity === "error");
  if (linked.file === undefined || errors.length > 0) throw new Error(linked.found.join("\n"));
  const model: Model = { ...linkedProtos, events: [linked.file] };
  const { files } = await emitFromModel(model, [messages, events], {}, diagnostics);
  const output = [...files.keys()].find((name) => name.endsWith(".events.ts")) ?? "";
  return { files, diagnostics, file: linked.file, model, text: files.get(output) ?? "" };
}
