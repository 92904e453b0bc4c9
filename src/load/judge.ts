import type { Report } from "../diagnostics/index.js";
import type { SourceDocument } from "../model/index.js";

/**
 * Lets protobufjs have its say about every proto of the user; each must be free of errors. It takes longer than all
 * else that is done about a proto, so it is asked where somebody wants a judgement (`check`), not where files are
 * written.
 */
export async function judgeProtos(documents: ReadonlyMap<string, SourceDocument>, report: Report): Promise<void> {
  const { askProtobufjs } = await import("./proto/second-opinion.js");
  for (const document of documents.values()) {
    // what ships with wirespan was judged when it was built
    if (document.kind === "proto" && !document.source.bundled) askProtobufjs(document, report);
  }
}
