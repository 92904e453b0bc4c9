import type { Model, ProtoFile } from "../../../model/index.js";
import { docComment, stringLiteral } from "../../shared/print.js";
import { encodeFile } from "../../shared/descriptor/file.js";

/** The descriptors of one file's services as the template shows them. */
export interface DescriptorView {
  readonly doc: string;
  readonly name: string;
  readonly files: readonly { readonly path: string; readonly bytes: string }[];
}

/**
 * A file with all that it imports, so that nobody has to put the parts together: each a `FileDescriptorProto` in base64,
 * behind those it imports.
 */
export function descriptorView(model: Model, file: ProtoFile, name: string): DescriptorView {
  const files = withImports(model, file).map((one) => ({
    path: oneLine(one.path),
    bytes: stringLiteral(Buffer.from(encodeFile(model, one)).toString("base64")),
  }));
  const doc = `What ${file.path} declares, with all that it imports, for reflection: each a\nFileDescriptorProto in base64.`;
  return { doc: docComment(doc), name, files };
}

function withImports({ files }: Model, file: ProtoFile): readonly ProtoFile[] {
  const all = new Set<ProtoFile>();
  const started = new Set<string>();
  const visit = (path: string): void => {
    const found = files.get(path);
    if (found === undefined || started.has(path)) return;
    started.add(path);
    for (const next of found.imports) visit(next.path);
    all.add(found);
  };
  visit(file.path);
  return [...all];
}

/** A path is untrusted: it must not leave the comment it stands in. */
function oneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f\u2028-\u202e\u2066-\u2069]/g, "?");
}
