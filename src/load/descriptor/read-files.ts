import { createHash } from "node:crypto";
import { diagnostic, type Report } from "../../diagnostics/index.js";
import type { ImportSyntax, Origin, ProtoDocument } from "../../model/index.js";
import { isWireError } from "../../runtime/wire/index.js";
import { createFileContext } from "./context.js";
import { readEnums, readExtends, readMessages, readService } from "./declarations.js";
import { FileDescriptor } from "./descriptor.pb.js";
import { readLocations, type Locations } from "./locations.js";
import { createOptionTypes, type OptionTypes } from "./option-types.js";

/** Messages in messages; compilers allow fewer, and every level is two or three of the stack. */
const maxDepth = 200;

/** Serialised `FileDescriptorProto`s, each file with what it imports. */
export interface DescriptorInput {
  readonly files: readonly Uint8Array[];
  /** Descriptors with the options that only compilers see; they take the place of those of the same name in `files`. */
  readonly better?: readonly Uint8Array[];
  /** Whether positions and comments of that file are wanted; most of the bytes are theirs. Default: of all files. */
  readonly detailed?: (path: string) => boolean;
}

interface Decoded {
  readonly file: FileDescriptor;
  readonly bytes: Uint8Array;
}

/**
 * Reads descriptors back into the syntax trees that the parser of `.proto` files makes, by canonical path: names are
 * full names, and each extension has a block of its own. What is wrong with them is reported.
 *
 * @example const documents = readDescriptors({ files: [bytes] }, report);
 */
export function readDescriptors(
  { files, better = [], detailed = () => true }: DescriptorInput,
  report: Report,
): ReadonlyMap<string, ProtoDocument> {
  const decoded = new Map<string, Decoded>();
  // the better ones first: of two files of one name the first one stays
  for (const bytes of [...better, ...files]) {
    const file = decodeFile(bytes, report);
    const name = file?.name ?? "";
    if (file !== undefined && !decoded.has(name)) decoded.set(name, { file, bytes });
  }
  const types = createOptionTypes([...decoded.values()].map(({ file }) => file));
  const documents = new Map<string, ProtoDocument>();
  for (const [name, { file, bytes }] of decoded) {
    for (const path of file.dependency) {
      if (!decoded.has(path)) report(diagnostic("E1041", undefined, { path, from: name }));
    }
    documents.set(name, readFile(file, bytes, types, detailed(name), report));
  }
  return documents;
}

function decodeFile(bytes: Uint8Array, report: Report): FileDescriptor | undefined {
  try {
    return FileDescriptor.decode(bytes, { maxDepth });
  } catch (error) {
    if (!isWireError(error)) throw error;
    report(diagnostic("E1040", undefined, { what: "a file descriptor", problem: error.message }));
    return undefined;
  }
}

function readFile(
  file: FileDescriptor,
  bytes: Uint8Array,
  types: OptionTypes,
  detailed: boolean,
  report: Report,
): ProtoDocument {
  const path = file.name ?? "";
  const start: Origin = { file: path, line: 1, column: 1, length: 1 };
  const { syntax, edition } = readSyntax(file, start, report);
  const locations = readPlaces(file, path, detailed, start, report);
  const context = createFileContext({ syntax, locations, types }, report);
  const packageName = file.package ?? "";
  if (packageName !== "") context.qualified(packageName, "a package", locations.origin("2"));
  const scope = packageName === "" ? "" : `.${packageName}`;
  const imports = readImports(file, locations);
  return {
    kind: "proto",
    source: {
      path,
      file: path,
      text: "",
      hash: createHash("sha256").update(bytes).digest("hex"),
      bundled: false,
    },
    references: imports.map((found) => ({ target: found.path, kind: "proto-import", origin: found.origin })),
    syntax,
    edition,
    package: packageName,
    packageOrigin: packageName === "" ? undefined : locations.origin("2"),
    header: readHeader(locations),
    imports,
    options: context.options(file.options, "File", "8"),
    messages: readMessages(context, file.messageType, "4", scope),
    enums: readEnums(context, file.enumType, "5"),
    services: file.service.map((service, i) => readService(context, service, `6,${i}`)),
    extends: readExtends(context, file.extension, "7"),
  };
}

function readPlaces(
  { sourceCodeInfo }: FileDescriptor,
  path: string,
  detailed: boolean,
  start: Origin,
  report: Report,
): Locations {
  try {
    return readLocations(detailed ? sourceCodeInfo : [], path);
  } catch (error) {
    if (!isWireError(error)) throw error;
    report(diagnostic("E1042", start, { problem: `its source info cannot be read: ${error.message}` }));
    return readLocations([], path);
  }
}

/** Names of the editions that the linker knows, by number. */
const editions: ReadonlyMap<number, string> = new Map([
  [1000, "2023"],
  [1001, "2024"],
  [1002, "2026"],
]);

function readSyntax(
  { syntax = "", edition }: FileDescriptor,
  start: Origin,
  report: Report,
): Pick<ProtoDocument, "syntax" | "edition"> {
  if (syntax === "" || syntax === "proto2") return { syntax: "proto2", edition: "" };
  if (syntax === "proto3") return { syntax: "proto3", edition: "" };
  if (syntax === "editions") {
    const name = editions.get(edition ?? 0);
    if (name !== undefined) return { syntax: "editions", edition: name };
    const known = [...editions.values()].join(", ");
    report(diagnostic("E1009", start, { word: "edition", value: String(edition ?? ""), known }));
    return { syntax: "editions", edition: "2023" };
  }
  report(diagnostic("E1009", start, { word: "syntax", value: syntax, known: "proto2, proto3, editions" }));
  return { syntax: "proto3", edition: "" };
}

function readImports(file: FileDescriptor, locations: Locations): readonly ImportSyntax[] {
  const publicOnes = new Set(file.publicDependency);
  const weakOnes = new Set(file.weakDependency);
  return [
    ...file.dependency.map((path, i): ImportSyntax => ({
      path,
      kind: publicOnes.has(i) ? "public" : weakOnes.has(i) ? "weak" : "plain",
      origin: pathOrigin(locations.origin(`3,${i}`), path),
    })),
    ...file.optionDependency.map((path, i): ImportSyntax => ({
      path,
      kind: "option",
      origin: pathOrigin(locations.origin(`15,${i}`), path),
    })),
  ];
}

/** The path in an import statement, `import "a.proto";`, of which compilers give the whole; at its end as a rule. */
function pathOrigin(statement: Origin, path: string): Origin {
  const length = path.length + 2;
  const before = statement.length - length - 1;
  return before < "import".length ? statement : { ...statement, column: statement.column + before, length };
}

/** The comments of `syntax` (or `edition`) and `package`; without either what stands apart before the first statement. */
function readHeader(locations: Locations): readonly string[] {
  const syntax = [...locations.texts("12"), ...locations.texts("14")];
  const { first } = locations;
  const apart = first === undefined || ["12", "14", "2"].includes(first) ? [] : locations.comments(first).detached;
  return [...apart, ...syntax, ...locations.texts("2")];
}
