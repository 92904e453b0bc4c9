import { diagnostic, type Report } from "../../diagnostics/index.js";
import type {
  EnumSyntax,
  ExtendSyntax,
  ImportSyntax,
  MessageSyntax,
  OptionSyntax,
  Origin,
  ProtoDocument,
  ServiceSyntax,
  SourceText,
} from "../../model/index.js";
import { cleanComment } from "./comments.js";
import { createCursor, hopeless, unreadable, type Cursor } from "./cursor.js";
import { serviceStatement, takeMember } from "./parse-declarations.js";
import { optionStatement, qualifiedName, stringLiteral } from "./parse-options.js";

const decoder = new TextDecoder();

/** The editions whose rules the linker knows. */
const editions: readonly string[] = ["2023", "2024", "2026"];

type Syntax = Pick<ProtoDocument, "syntax" | "edition">;

/** The syntax tree of one file. `clean` is false when something was reported; the tree then holds what was readable. */
export function parseFile(
  source: SourceText,
  report: Report,
): { readonly document: ProtoDocument; readonly clean: boolean } {
  const header: string[] = [];
  const imports: ImportSyntax[] = [];
  const options: OptionSyntax[] = [];
  const messages: MessageSyntax[] = [];
  const enums: EnumSyntax[] = [];
  const services: ServiceSyntax[] = [];
  const extends_: ExtendSyntax[] = [];
  const members = { messages, enums, extends: extends_ };
  let syntax: Syntax = { syntax: "proto2", edition: "" };
  let packageName = "";
  let packageOrigin: Origin | undefined;
  const cursor = createCursor(source, report);

  function statement(): void {
    if (cursor.at("import")) {
      imports.push(importStatement(cursor, syntax));
    } else if (cursor.at("package")) {
      const found = packageStatement(cursor, header, packageOrigin);
      packageName = found.name;
      packageOrigin = found.origin;
    } else if (cursor.at("option")) {
      options.push(optionStatement(cursor));
    } else if (cursor.at("service")) {
      services.push(serviceStatement(cursor));
    } else if (cursor.at("syntax") || cursor.at("edition")) {
      cursor.report(diagnostic("E1008", cursor.origin(), { word: cursor.text() }));
      throw unreadable;
    } else if (!takeMember(cursor, syntax.syntax, members)) {
      refuseVisibility(cursor);
      cursor.fail('"message", "enum", "service", "extend", "import", "option" or "package"');
    }
  }

  try {
    if (cursor.at("syntax") || cursor.at("edition")) {
      cursor.attempt(() => {
        syntax = syntaxStatement(cursor, header);
        cursor.edition = syntax.edition;
      });
    } else if (!cursor.at("package")) {
      header.push(...cursor.detached().map(cleanComment));
      dropEmpty(header);
    }
    while (cursor.kind() !== "end") {
      if (cursor.at(";")) cursor.endStatement();
      else if (cursor.at("}")) strayBrace(cursor);
      else cursor.attempt(statement);
    }
  } catch (error) {
    if (error !== hopeless) throw error;
  }
  const document: ProtoDocument = {
    kind: "proto",
    source,
    references: imports.map(({ path, origin }) => ({ target: path, kind: "proto-import", origin })),
    ...syntax,
    package: packageName,
    packageOrigin,
    header,
    imports,
    options,
    messages,
    enums,
    services,
    extends: extends_,
  };
  return { document, clean: !cursor.failed };
}

/** `export message` before edition 2024: more helpful than that no statement begins so. */
function refuseVisibility(cursor: Cursor): void {
  if (!cursor.at("export") && !cursor.at("local")) return;
  cursor.report(diagnostic("E1015", cursor.origin(), { label: cursor.text(), reason: "it came with edition 2024" }));
  throw unreadable;
}

function strayBrace(cursor: Cursor): void {
  cursor.attempt(() => cursor.fail("a declaration"));
  cursor.next();
}

function syntaxStatement(cursor: Cursor, header: string[]): Syntax {
  const word = cursor.text();
  cursor.next();
  cursor.expect("=");
  const origin = cursor.origin();
  const value = decoder.decode(stringLiteral(cursor));
  const comments = cursor.endStatement();
  header.push(...comments.detached, comments.leading, comments.trailing);
  dropEmpty(header);
  if (word === "edition") {
    if (editions.includes(value)) return { syntax: "editions", edition: value };
    cursor.report(diagnostic("E1009", origin, { word, value, known: editions.join(", ") }));
    return { syntax: "editions", edition: "2023" };
  }
  if (value === "proto2" || value === "proto3") return { syntax: value, edition: "" };
  cursor.report(diagnostic("E1009", origin, { word, value, known: "proto2, proto3" }));
  return { syntax: "proto3", edition: "" };
}

function dropEmpty(texts: string[]): void {
  texts.splice(0, texts.length, ...texts.filter((text) => text !== ""));
}

function importStatement(cursor: Cursor, { syntax, edition }: Syntax): ImportSyntax {
  cursor.expect("import");
  let kind: ImportSyntax["kind"] = "plain";
  for (const word of ["public", "weak", "option"] as const) {
    if (!cursor.at(word)) continue;
    if (word === "option" && (syntax !== "editions" || edition < "2024")) cursor.fail("the path of a file");
    cursor.next();
    kind = word;
    break;
  }
  const start = cursor.mark();
  const path = decoder.decode(stringLiteral(cursor));
  const origin = cursor.originFrom(start);
  cursor.endStatement();
  return { path, kind, origin };
}

function packageStatement(
  cursor: Cursor,
  header: string[],
  first: Origin | undefined,
): { readonly name: string; readonly origin: Origin } {
  const word = cursor.origin();
  cursor.expect("package");
  const start = cursor.mark();
  if (cursor.at(".")) cursor.fail("the name of the package");
  const name = qualifiedName(cursor, "the name of the package");
  const origin = cursor.originFrom(start);
  const comments = cursor.endStatement();
  header.push(...comments.detached, comments.leading, comments.trailing);
  dropEmpty(header);
  if (first !== undefined) {
    const related = [{ message: "the first one", origin: first }];
    cursor.report(diagnostic("E1008", word, { word: "package" }, related));
  }
  return { name, origin };
}
