import type { ProtoFile } from "../../model/index.js";
import type { EmitContext, Generator, RenderJob } from "../generator.js";
import { createEmit } from "./context.js";
import { viewEnum } from "./enums.js";
import { viewMessage } from "./message.js";
import { declarationsOf, declareNames, inRuntime, outputPath } from "./names.js";

/** Where the well-known types come from. */
export interface MessagesSettings {
  /** `emit` writes the well-known types, too, which otherwise come from the runtime: how the runtime gets them. */
  readonly wellKnown: "runtime" | "emit";
}

/** Messages and enums with their codecs: `….pb.ts`. */
export function createMessages({ wellKnown }: MessagesSettings): Generator {
  return {
    id: "messages",
    summary: "messages and enums with binary and JSON codecs",
    byDefault: true,

    declare(file, { symbols }) {
      if (file.kind === "proto") declareNames(file, symbols, wellKnown);
    },

    files(file, context) {
      if (file.kind !== "proto" || inRuntime(file, wellKnown) || declarationsOf(file).length === 0) return [];
      return [renderFile(file, context)];
    },

    project: () => [],
  };
}

/** Messages and enums with their codecs, the well-known types from the runtime. */
export const messages: Generator = createMessages({ wellKnown: "runtime" });

function renderFile(file: ProtoFile, { model, symbols }: EmitContext): RenderJob {
  const path = outputPath(file);
  const scope = symbols.scope(path);
  const emit = createEmit(model, scope);
  const declarations = declarationsOf(file).map((declared) =>
    declared.kind === "enum"
      ? { enums: [viewEnum(declared, emit)], messages: [] }
      : { enums: [], messages: [viewMessage(declared, emit)] },
  );
  return { path, template: "messages/file", view: { declarations }, scope };
}
