import { messages } from "../../src/generators/messages/index.js";
import { rpc } from "../../src/generators/rpc/index.js";
import { emit } from "../support/emit.js";

/** What the generators make of protos, by path. Any diagnostic but a hint or a warning is an error here. */
export async function emitServices(protos: Record<string, string>): Promise<Map<string, string>> {
  const { files, diagnostics } = await emit(protos, [messages, rpc], { importExtension: "js", reflection: true });
  const [first] = diagnostics.filter(({ severity }) => severity === "error");
  if (first !== undefined) throw new Error(`${first.origin?.file}:${first.origin?.line}: ${first.message}`);
  return files;
}
