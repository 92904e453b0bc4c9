import { messages } from "../../../src/generators/messages/index.js";
import { emitFromModel } from "../../support/emit.js";
import { modelOf } from "../../support/model.js";

/**
 * The emitted files of protos: `files` has the texts of all by import name, `wanted` the names of those to emit.
 * Any diagnostic but a hint is an error here.
 */
export async function emitProtos(
  files: Readonly<Record<string, string>>,
  wanted: readonly string[],
): Promise<Map<string, string>> {
  const { model, diagnostics } = modelOf(files, { emit: wanted });
  const result = await emitFromModel(model, [messages], { importExtension: "js" }, diagnostics);
  const [first] = result.diagnostics.filter(({ severity }) => severity === "error");
  if (first !== undefined) throw new Error(`${first.origin?.file}:${first.origin?.line}: ${first.message}`);
  return result.files;
}
