import type { Entry } from "./diagnostic.js";

/**
 * Every diagnostic there is. The code is the contract; texts may improve.
 *
 * E1xxx reading a proto, E2xxx linking protos, E3xxx AsyncAPI, E4xxx planning and policies,
 * E5xxx usage, configuration and files, E6xxx writing. Codes are never reused.
 */
export const table = {
  // E1xxx: reading a proto
  E1001: {
    severity: "error",
    message: (p: { expected: string; found: string }) => `expected ${p.expected}, found ${p.found}`,
    explain: "The file does not follow the grammar of protocol buffers at this place.",
  },
  E1002: {
    severity: "error",
    message: () => "this string does not end on its line",
    help: () => "close the quote; a long string may be written as several that stand next to each other",
    explain: "A string literal ends with the quote it began with, on the same line.",
  },
  E1003: {
    severity: "error",
    message: () => "unknown escape sequence",
    help: () => "write a backslash as \\\\; known are \\n \\t \\r \\\" \\' \\\\, \\xFF, \\377, \\u00E4 and \\U0001F600",
    explain: "A backslash in a string begins an escape sequence, and not every letter makes one.",
  },
  E1004: {
    severity: "error",
    message: (p: { text: string }) =>
      `${JSON.stringify(p.text)} is ${likeName(p.text) ? "neither a number nor a name" : "not a number"}`,
    help: (p: { text: string }) =>
      (likeName(p.text) ? "names begin with a letter or _; " : "") +
      "numbers are decimal (10, 1.5, 2e3), hexadecimal (0x1F) or octal (017)",
    explain: "Octal numbers begin with 0 and have no 8 or 9; a letter may not follow a number directly.",
  },
  E1005: {
    severity: "error",
    message: () => "this comment is never closed",
    help: () => "close it with */",
    explain: "A comment that begins with /* runs up to the next */; without one it swallows the rest of the file.",
  },
  E1006: {
    severity: "error",
    message: (p: { text: string }) => `the character ${JSON.stringify(p.text)} means nothing here`,
    help: () => "outside of strings and comments a proto is plain ASCII",
    explain: "Names, numbers and punctuation are ASCII. Look for a character copied from a document or a chat.",
  },
  E1007: {
    severity: "error",
    message: () => "a semicolon is missing here",
    explain: "Fields, enum values, options, imports and methods without a body end with a semicolon.",
  },
  E1008: {
    severity: "error",
    message: (p: { word: string }) =>
      p.word === "package" ? "the package was declared already" : `${p.word} must be the first statement of the file`,
    help: (p: { word: string }) =>
      p.word === "package" ? "leave one of them" : "move it to the top; comments may stand before it",
    explain: "A file begins with one syntax or edition statement and has at most one package.",
  },
  E1009: {
    severity: "error",
    message: (p: { word: string; value: string; known: string }) => `unknown ${p.word} ${JSON.stringify(p.value)}`,
    help: (p: { word: string; value: string; known: string }) => `known are ${p.known}`,
    explain: "The first statement says which rules the file follows: syntax proto2 or proto3, or an edition.",
  },
  E1010: {
    severity: "warning",
    message: (p: { problem: string }) => `protobufjs cannot read this file: ${p.problem}`,
    help: () => "it is valid here, but tools built on protobufjs, such as @grpc/proto-loader, will refuse it",
    explain:
      "`check` has each file parsed twice, by our own parser, which decides, and by protobufjs, which knows a little " +
      "less of the language: messages in <angle brackets>, for one.",
  },
  E1011: {
    severity: "error",
    message: (p: { limit: number }) => `nested deeper than ${p.limit} levels`,
    help: () => "move inner messages to the top of the file",
    explain: "Messages, groups and option values may nest, but only up to a limit: contracts are untrusted input.",
  },
  E1012: {
    severity: "error",
    message: (p: { shown: number }) => `more than ${p.shown} syntax errors; the rest of this file was not read`,
    explain: "After many syntax errors most of what follows are consequences of the first ones.",
  },
  E1013: {
    severity: "error",
    message: (p: { what: string }) => `${p.what} is not closed before the file ends`,
    help: () => "add the missing }, here or further down",
    explain: "Every { needs its }.",
  },
  E1014: {
    severity: "error",
    message: () => "proto3 has no extension ranges",
    help: () => "use google.protobuf.Any, or proto2 or an edition for a message that others extend",
    explain: "In proto3 only the option messages of descriptor.proto can be extended.",
  },
  E1015: {
    severity: "error",
    message: (p: { label: string; reason: string }) => `${p.label} is not allowed here: ${p.reason}`,
    help: (p: { label: string; reason: string }) => `remove ${p.label}`,
    explain: "Which labels a field may have depends on the syntax of the file and on where the field stands.",
  },
  E1016: {
    severity: "error",
    message: () => "a proto2 field needs a label",
    help: () => "write optional, repeated or required before the type",
    explain: "proto2 has no default label. Fields of a oneof and map fields have none.",
  },
  E1017: {
    severity: "error",
    message: (p: { syntax: string }) => `there are no groups in ${p.syntax}`,
    help: (p: { syntax: string }) =>
      p.syntax === "editions"
        ? "declare a message and use features.message_encoding = DELIMITED"
        : "declare a message and a field of its type",
    explain: "Groups are a form of proto2 that declares a message and a field at once.",
  },
  E1018: {
    severity: "error",
    message: (p: { name: string }) => `the group ${p.name} must begin with a capital letter`,
    explain: "The name of a group is the name of a message; the field is called the same in lower case.",
  },
  E1019: {
    severity: "error",
    message: (p: { within: string }) =>
      `a map field is not allowed in ${p.within === "oneof" ? "a oneof" : "an extension"}`,
    help: () => "put the map into a message of its own and use that",
    explain: "Map fields are repeated, and neither a oneof nor an extension can hold a map.",
  },
  // E1020–E1039: finding and reading contracts
  E1020: {
    severity: "error",
    message: (p: { path: string; reason: string }) => `cannot read ${p.path}: ${p.reason}`,
    help: () => "check that the file exists and that you may read it",
    explain: "A contract that was asked for, or that another one needs, could not be read from disk.",
  },
  E1021: {
    severity: "error",
    message: (p: { path: string }) => `there is no file or folder ${p.path}`,
    help: () => "give a .proto file, an AsyncAPI document, a folder that holds some, or a quoted glob",
    explain: "An input names nothing that exists. Inputs are relative to the working directory.",
  },
  E1022: {
    severity: "error",
    message: (p: { path: string; searched: readonly string[]; nearest: string | undefined }) =>
      `cannot find the import "${p.path}" (searched ${p.searched.join(", ")})`,
    help: (p: { nearest: string | undefined }) =>
      p.nearest === undefined
        ? "add the folder that import names start from: --include <dir>"
        : `did you mean "${p.nearest}"? If not, add the folder that import names start from: --include <dir>`,
    explain:
      "Imports are names relative to an include root, as for protoc's -I. Roots come from --include and the\n" +
      "configuration; without either, from the packages of the files given (protos/acme/v1/a.proto with\n" +
      "`package acme.v1` implies the root protos), then the working directory, then what ships with wirespan.",
  },
  E1023: {
    severity: "error",
    message: (p: { file: string; first: string; second: string }) =>
      `${p.file} is known by two names: "${p.first}" and "${p.second}"`,
    help: () => "give the include root that both names start from: --include <dir>",
    explain: "One file under two import names would define every type twice.",
  },
  E1024: {
    severity: "error",
    message: (p: { url: string }) => `the remote reference ${p.url} was not followed`,
    help: () => "allow it with --allow-remote-refs, or keep a copy beside the document",
    explain: "Remote $refs are refused by default: a build must not depend on the network or trust what it sends.",
  },
  E1025: {
    severity: "error",
    message: (p: { path: string }) => `${p.path} is a Thrift file, which wirespan does not read`,
    help: () => "describe the service in a .proto file; Thrift stays out of scope",
    explain:
      "wirespan reads .proto and AsyncAPI. For Thrift use the Apache Thrift compiler, or move the contract over.",
  },
  E1026: {
    severity: "error",
    message: (p: { path: string }) => `${p.path} is neither a .proto file nor an AsyncAPI document`,
    help: () => "an AsyncAPI document is YAML or JSON with a top-level `asyncapi: <version>`",
    explain: "Inputs are .proto files and AsyncAPI 2.0–3.1 documents (.yaml, .yml, .json).",
  },
  E1027: {
    severity: "error",
    message: (p: { path: string; bytes: number; limit: number }) =>
      `${p.path} has ${p.bytes} bytes, more than the ${p.limit} that a contract may have`,
    help: () => "split the file",
    explain: "Contracts are untrusted input, so their size is bounded.",
  },
  E1028: {
    severity: "error",
    message: (p: { path: string; byte: number }) =>
      `${p.path} is not valid UTF-8: a byte 0x${p.byte.toString(16).padStart(2, "0")} does not belong here`,
    help: () => "save the file as UTF-8",
    explain: "Contracts are UTF-8 text.",
  },
  E1029: {
    severity: "error",
    message: (p: { path: string }) => `"${p.path}" is not an import name`,
    help: () => "write it relative to an include root, with `/` and without `..`, `.` or empty parts",
    explain: "protoc's rule: import names are canonical, so that one file has one name.",
  },
  E1030: {
    severity: "error",
    message: (p: { input: string | undefined }) =>
      p.input === undefined ? "found no contracts below the working directory" : `found no contracts in ${p.input}`,
    help: () => "contracts are *.proto, asyncapi.*, *.asyncapi.* and *.events.* (yaml, yml, json); or name the files",
    explain: "Without inputs wirespan looks for contracts below the working directory.",
  },
  E1031: {
    severity: "error",
    message: (p: { url: string; reason: string }) => `cannot fetch ${p.url}: ${p.reason}`,
    help: () => "check the address, or keep a copy beside the document",
    explain: "A remote $ref was allowed but could not be read.",
  },
  E1032: {
    severity: "error",
    message: (p: { name: string; first: string; second: string }) =>
      `two files are called "${p.name}": ${p.first} and ${p.second}`,
    help: () => "say which include roots hold, and in what order: --include <dir>",
    explain:
      "Names are relative to include roots; with several roots two files can get the same one. Roots that were given\n" +
      "are searched in their order; roots that packages imply have none, so there the choice is yours.",
  },
  // E1040–E1059: descriptors from protoc and buf
  E1040: {
    severity: "error",
    message: (p: { what: string; problem: string }) => `${p.what} cannot be decoded: ${p.problem}`,
    help: () => "protoc-gen-wirespan is a plugin: protoc and buf start it and write its input",
    explain:
      "A plugin of protoc or buf reads a CodeGeneratorRequest from its standard input. What came there is none, or was\n" +
      "cut off.",
  },
  E1041: {
    severity: "error",
    message: (p: { path: string; from: string | undefined }) =>
      p.from === undefined
        ? `the request has no descriptor of ${JSON.stringify(p.path)}, which is to be generated`
        : `the request has no descriptor of ${JSON.stringify(p.path)}, which ${JSON.stringify(p.from)} imports`,
    help: () => "write the descriptor set with what it imports: --include_imports",
    explain: "A request or descriptor set holds each file together with everything that it imports.",
  },
  E1042: {
    severity: "error",
    message: (p: { problem: string }) => `bad descriptor: ${p.problem}`,
    help: () => "let protoc or buf make the descriptors",
    explain: "A file descriptor holds something that no compiler writes.",
  },
  E1043: {
    severity: "error",
    message: (p: { name: string; known: readonly string[]; nearest: string | undefined }) =>
      `unknown parameter ${JSON.stringify(p.name)}`,
    help: (p: { name: string; known: readonly string[]; nearest: string | undefined }) =>
      `${p.nearest === undefined ? "" : `did you mean ${p.nearest}? `}The parameters are ${p.known.join(", ")}`,
    explain:
      "Parameters of protoc-gen-wirespan are name=value pairs, separated by commas: --wirespan_opt for protoc, opt in\n" +
      "buf.gen.yaml. They are options of the configuration; what concerns folders is the business of protoc and buf.",
  },
  E1044: {
    severity: "error",
    message: (p: { name: string }) => `the parameter ${p.name} is given twice`,
    help: () => "leave one of them out",
    explain:
      "A parameter that holds one value can be given once, in --wirespan_opt, --wirespan_out and opt taken together.\n" +
      "Lists, such as only, may go on in several places.",
  },
  E1045: {
    severity: "error",
    message: () =>
      "only=events gives nothing: protoc and buf hand over protos, and events are made of AsyncAPI documents",
    help: () => "leave events out, and run wirespan generate for AsyncAPI documents",
    explain: "What plugin mode cannot write is refused where it is asked for: an empty folder would say nothing.",
  },
  // E2xxx: linking protos
  E2001: {
    severity: "error",
    message: (p: { name: string; as: string | undefined; nearest: string | undefined; path?: string | undefined }) =>
      p.as === undefined ? `unknown type ${p.name}` : `unknown type ${p.name}: here it means ${p.as}`,
    help: (p: { name: string; as: string | undefined; nearest: string | undefined; path?: string | undefined }) => {
      if (p.as !== undefined) {
        return `an inner scope has the first part of the name; write .${p.name} if you mean the name from the root`;
      }
      if (p.nearest === undefined) return "declare it, or import the file that does";
      const missing = p.path === undefined ? "" : ` then add: import ${JSON.stringify(p.path)};`;
      return `did you mean ${p.nearest}?${missing}`;
    },
    explain: "A type is a scalar, or a message or enum of this file or of a file it imports.",
  },
  E2002: {
    severity: "error",
    message: (p: { name: string; kind: string; wanted: string }) => `${p.name} is ${p.kind}, not ${p.wanted}`,
    help: (p: { kind: string }) =>
      p.kind === "a method" ? "the method hides a type of that name; write the type with its package" : undefined,
    explain:
      "The name is declared, but as something else. In an rpc, names are looked up in the service first: a method " +
      "that is called like its request type hides it; write the type with its package.",
  },
  E2003: {
    severity: "error",
    message: (p: { kind: string; name: string; as: string }) =>
      p.as === p.kind ? `${p.kind} ${p.name} is declared twice` : `${p.kind} ${p.name} has the name of a ${p.as}`,
    help: (p: { kind: string }) =>
      p.kind === "enum value"
        ? "values belong to the scope around their enum; give them its name as a prefix"
        : "rename one of them",
    explain:
      "A full name stands for one thing in all files together. Enum values lie beside their enum, not inside of it.",
  },
  E2004: {
    severity: "error",
    message: (p: { chain: readonly string[] }) => `files import each other in a circle: ${p.chain.join(" → ")}`,
    help: () => "move what both need into a third file",
    explain: "Imports have a direction: a file may not import itself, directly or through others.",
  },
  E2005: {
    severity: "error",
    message: (p: { path: string }) => `${p.path} is imported twice`,
    help: () => "leave one of the imports",
    explain: "One import of a file is enough, and two of different kinds contradict each other.",
  },
  E2006: {
    severity: "error",
    message: (p: { name: string; path: string; forOptions: boolean }) =>
      `${p.name} is declared in ${p.path}, which this file ${p.forOptions ? "imports for options only" : "does not import"}`,
    help: (p: { path: string; forOptions: boolean }) =>
      p.forOptions
        ? `import it without option: import ${JSON.stringify(p.path)};`
        : `add: import ${JSON.stringify(p.path)};`,
    explain:
      "A file sees what it imports itself, and what those files import with `import public`. An import of an import " +
      "is not enough.",
  },
  E2007: {
    severity: "error",
    message: (p: { name: string }) => `${p.name} is local to its file`,
    help: () => "export it there: export message …",
    explain: "From edition 2024 on, a declaration may be kept to its file with `local` or by the file's default.",
  },
  E2008: {
    severity: "error",
    message: (p: { path: string; problem: string }) => `${p.path} cannot be imported like this: ${p.problem}`,
    explain:
      "Edition 2024 replaced `import weak` by `import option`, for files that only options need. Those imports come last.",
  },
  E2009: {
    severity: "error",
    message: (p: { what: string; problem: string }) => `${p.what} ${p.problem}`,
    help: () => "choose a shorter one",
    explain: "protoc's limits: a package has up to 511 characters and 100 parts, a full name up to 65535 characters.",
  },
  E2010: {
    severity: "error",
    message: (p: { number: number; name: string; other: string; free: number | undefined }) =>
      `field ${p.name} has the number ${p.number}, which ${p.other} has already`,
    help: (p: { free: number | undefined }) => (p.free === undefined ? undefined : `the next free number is ${p.free}`),
    explain: "On the wire a field is its number. Two fields of one number could not be told apart.",
  },
  E2011: {
    severity: "error",
    message: (p: { number: number; problem: string }) => `${p.number} is no field number: ${p.problem}`,
    explain: "Field numbers go from 1 to 536870911, without 19000 to 19999.",
  },
  E2012: {
    severity: "error",
    message: (p: { what: string; free: number | undefined }) => `${p.what} is reserved`,
    help: (p: { free: number | undefined }) =>
      p.free === undefined ? "choose another one" : `choose another one; the next free number is ${p.free}`,
    explain: "Reserved numbers and names belonged to something that was removed, and old data may still hold them.",
  },
  E2013: {
    severity: "error",
    message: (p: { problem: string }) => p.problem,
    explain: "Reserved and extension ranges go upwards, stay within the numbers there are, and do not overlap.",
  },
  E2014: {
    severity: "error",
    message: (p: { name: string; other: string; json: string }) =>
      `${p.name} and ${p.other} are both ${JSON.stringify(p.json)} in JSON`,
    help: () => "rename one of them, or give it a json_name",
    explain: "In JSON a field is its lowerCamel name or its json_name, and an object has each name once.",
  },
  E2015: {
    severity: "error",
    message: (p: { name: string }) => `enum ${p.name} has no values`,
    help: (p: { name: string }) =>
      `add one: ${p.name.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase()}_UNSPECIFIED = 0;`,
    explain: "An enum has at least one value; the first one is what an absent field holds.",
  },
  E2016: {
    severity: "error",
    message: (p: { name: string; enum: string }) => `the first value of ${p.enum} must be 0, and ${p.name} is not`,
    help: () => "put a value with the number 0 first, such as …_UNSPECIFIED = 0;",
    explain: "Open enums (proto3 and editions, unless closed) begin with 0, which is what an absent field holds.",
  },
  E2017: {
    severity: "error",
    message: (p: { key: string }) => `${p.key} cannot be the key of a map`,
    help: () => "keys are integers, bool or string",
    explain: "Keys of a map must be comparable and have one form each: no floats, bytes, enums or messages.",
  },
  E2018: {
    severity: "error",
    message: (p: { name: string }) => `oneof ${p.name} has no fields`,
    explain: "A oneof holds at most one of its fields, so it needs at least one.",
  },
  E2019: {
    severity: "error",
    message: (p: { number: number; name: string; other: string }) =>
      `${p.name} has the number ${p.number}, which ${p.other} has already`,
    help: () => "give it a number of its own, or set option allow_alias = true;",
    explain: "Two names of one number are usually a slip; where they are meant, the enum says so.",
  },
  E2020: {
    severity: "error",
    message: (p: { number: number }) => `${p.number} does not fit into 32 bits`,
    help: () => "enum values go from -2147483648 to 2147483647",
    explain: "Enum values are int32 on the wire.",
  },
  E2021: {
    severity: "error",
    message: (p: { number: number; extendee: string; ranges: string }) =>
      `${p.extendee} has not set ${p.number} aside for extensions`,
    help: (p: { ranges: string }) =>
      p.ranges === "" ? "it has no extension range" : `its extension ranges are ${p.ranges}`,
    explain: "An extension takes a number that the extended message declared with `extensions`.",
  },
  E2022: {
    severity: "error",
    message: (p: { number: number; extendee: string; other: string }) =>
      `${p.other} extends ${p.extendee} with the number ${p.number} already`,
    help: ({ extendee }: { extendee: string }) =>
      extendee.startsWith("google.protobuf.")
        ? "choose another number; those from 50000 to 99999 are for use inside of a company"
        : "choose another number",
    explain: "Two extensions of one message with one number could not be told apart on the wire.",
  },
  E2023: {
    severity: "error",
    message: (p: { name: string; problem: string }) => `the enum ${p.name} does not fit here: ${p.problem}`,
    explain:
      "A field without presence starts out as 0 and must be able to hold any number; a closed enum cannot do that.",
  },
  E2024: {
    severity: "error",
    message: (p: { name: string; entry: string }) =>
      `the map ${p.name} brings a message ${p.entry}, and that name is taken`,
    help: () => "rename one of them",
    explain: "A map field is stored as a repeated message of key and value, named after the field with Entry behind.",
  },
  E2025: {
    severity: "error",
    message: (p: { extendee: string }) => `proto3 cannot extend ${p.extendee}`,
    help: () => "proto3 extends the option messages of google/protobuf/descriptor.proto only",
    explain: "Extensions are a feature of proto2 and editions; proto3 kept them for custom options.",
  },
  E2026: {
    severity: "error",
    message: (p: { extendee: string }) => `this extend of ${p.extendee} has no fields`,
    help: () => "add one, or remove the extend",
    explain: "An extend declares extension fields; without any it means nothing.",
  },
  E2027: {
    severity: "error",
    message: (p: { name: string; problem: string }) => `${p.name} cannot be exported: ${p.problem}`,
    help: () => "move it to the top of a file, or leave out export",
    explain:
      "With features.default_symbol_visibility = STRICT, the default from edition 2026 on, other files see types at the " +
      "top of a file only. Exported enums may stand in a local message that holds nothing else and reserves 1 to max.",
  },
  E2028: {
    severity: "error",
    message: (p: { name: string; other: string; short: string; enum: string }) =>
      `${p.name} and ${p.other} are both ${p.short} without the prefix of ${p.enum}`,
    help: () => "rename one of them",
    explain: "Many languages drop the enum's name from its values and change their case; names must differ after that.",
  },
  E2029: {
    severity: "error",
    message: (p: { kind: string; name: string; style: string; suggestion: string | undefined }) =>
      `the ${p.kind} ${p.name} must be written in ${p.style}`,
    help: (p: { name: string; suggestion: string | undefined }) =>
      p.suggestion === undefined
        ? "rename it, or set features.enforce_naming_style = STYLE_LEGACY"
        : `call it ${p.suggestion}, or set features.enforce_naming_style = STYLE_LEGACY`,
    explain:
      "From edition 2024 on names have one style: types, services and methods TitleCase, fields, oneofs and packages " +
      "lower_snake_case, enum values UPPER_SNAKE_CASE. An underscore stands between two words that begin with letters.",
  },
  E2030: {
    severity: "error",
    message: (p: { name: string; nearest: string | undefined; on: string }) =>
      p.on === "" ? `unknown option ${p.name}` : `${p.on} has no field ${p.name}`,
    help: (p: { name: string; nearest: string | undefined; on: string }) =>
      p.nearest !== undefined
        ? `did you mean ${p.nearest}?`
        : p.on === "" && p.name.startsWith("(")
          ? "import the file that declares it"
          : undefined,
    explain:
      "Options are fields of the messages in google/protobuf/descriptor.proto, or extensions of them, written in " +
      "parentheses, from files that are imported.",
  },
  E2031: {
    severity: "error",
    message: (p: { name: string; extendee: string; on: string }) =>
      `(${p.name}) extends ${p.extendee} and cannot be used on ${p.on}`,
    explain: "An option belongs to one kind of element: to files, messages, fields, methods and so on.",
  },
  E2032: {
    severity: "error",
    message: (p: { name: string; problem: string }) => `the option ${p.name} ${p.problem}`,
    explain: "A name with a dot sets a field inside of a single message.",
  },
  E2033: {
    severity: "error",
    message: (p: { name: string }) => `the option ${p.name} is set twice`,
    help: () => "leave one of them",
    explain: "Only repeated options may be set more than once.",
  },
  E2034: {
    severity: "error",
    message: (p: { name: string; other: string; oneof: string }) =>
      `${p.name} and ${p.other} exclude each other: both are in the oneof ${p.oneof}`,
    explain: "Of the fields of a oneof at most one is set, in option values too.",
  },
  E2035: {
    severity: "error",
    message: (p: { name: string; wanted: string; found: string; nearest: string | undefined }) =>
      `${p.name} must be ${p.wanted}, found ${p.found}`,
    help: (p: { nearest: string | undefined }) => (p.nearest === undefined ? undefined : `did you mean ${p.nearest}?`),
    explain: "The value does not have the type that the option or field was declared with.",
  },
  E2036: {
    severity: "error",
    message: (p: { name: string; on: string }) => `the required field ${p.name} of ${p.on} is missing`,
    explain: "A message in an option must be complete.",
  },
  E2037: {
    severity: "warning",
    message: () => "this string is not UTF-8; what is not was replaced",
    help: () => "write text, or make it a bytes field",
    explain: "Escapes can form bytes that are no text. A proto string is UTF-8, and so is a string of JavaScript.",
  },
  E2038: {
    severity: "error",
    message: (p: { name: string; on: string; wanted: readonly string[] }) => `${p.name} cannot be set on ${p.on}`,
    help: (p: { wanted: readonly string[] }) =>
      p.wanted.length === 0 ? undefined : `it is for ${p.wanted.join(", ").replace(/, ([^,]*)$/, " or $1")}`,
    explain: "The declaration of an option says with `targets` which kinds of element it is for.",
  },
  E2039: {
    severity: "error",
    message: (p: { name: string; problem: string; instead: string }) =>
      `${p.name} cannot be used in this file: ${p.problem}`,
    help: (p: { instead: string }) => (p.instead === "" ? undefined : p.instead),
    explain: "Options come and go with editions; their declarations say with `feature_support` in which they exist.",
  },
  E2040: {
    severity: "warning",
    message: (p: { name: string; since: string; instead: string }) => `${p.name} is deprecated since ${p.since}`,
    help: (p: { instead: string }) => (p.instead === "" ? undefined : p.instead),
    explain: "The option still works, but its declaration says that a later edition will do without it.",
  },
  E2041: {
    severity: "error",
    message: (p: { name: string; problem: string }) => `${p.name} does not fit here: ${p.problem}`,
    explain: "The option exists, but means nothing on this element.",
  },
  E2042: {
    severity: "error",
    message: (p: { syntax: string }) => `features are for editions, and this file is ${p.syntax}`,
    help: () => 'begin the file with edition = "2023"; instead of a syntax',
    explain: "What proto2 and proto3 fix by their syntax, editions set feature by feature.",
  },
  E2043: {
    severity: "error",
    message: (p: { name: string; problem: string }) =>
      `the feature_support of ${p.name} contradicts itself: ${p.problem}`,
    explain: "An option is introduced, then deprecated, then removed, and says why for the last two.",
  },
  E2044: {
    severity: "error",
    message: (p: { problem: string }) => `bad extension declaration: ${p.problem}`,
    explain:
      "A declaration says which extension has a number: number, full_name and type, names with a leading dot, or that " +
      "the number is reserved.",
  },
  E2045: {
    severity: "error",
    message: (p: { name: string; number: number; on: string; problem: string }) =>
      `${p.name} cannot have the number ${p.number}: ${p.on} ${p.problem}`,
    explain: "The extended message declares which extensions there are, and this one is none of them.",
  },
  E2046: {
    severity: "warning",
    message: (p: { name: string; other: string; json: string }) =>
      `${p.name} and ${p.other} are both ${JSON.stringify(p.json)} in JSON`,
    help: () => "rename one of them, or give it a json_name",
    explain: "proto2 lets it pass; in JSON one of the two fields is lost.",
  },
  E2047: {
    severity: "error",
    message: (p: { problem: string }) => `LITE_RUNTIME does not fit: ${p.problem}`,
    explain: "Files that are not lite cannot depend on lite ones: other languages lack the descriptors for it.",
  },
  E2048: {
    severity: "error",
    message: (p: { what: string; count: number; limit: number }) =>
      `${p.what} are ${p.count}, more than the ${p.limit} that edition 2026 allows`,
    help: () => "split it, or set features.enforce_proto_limits = LEGACY_NO_EXPLICIT_LIMITS on it",
    explain: "From edition 2026 on a message has up to 1500 fields and an enum up to 1700 values, unless it opts out.",
  },
  E2050: {
    severity: "error",
    message: (p: { template: string; problem: string }) =>
      `${JSON.stringify(p.template)} is no path template: ${p.problem}`,
    explain:
      "A template is /-separated literals, * (one segment), ** (any number) and variables {field} or " +
      "{field=segments/*}, with a :verb at the end if wanted.",
  },
  E2051: {
    severity: "error",
    message: (p: { what: string; field: string; on: string; nearest: string | undefined }) =>
      `${p.what === "path" ? "the path" : p.what} names ${p.field}, which ${p.on} does not have`,
    help: (p: { nearest: string | undefined }) => (p.nearest === undefined ? undefined : `did you mean ${p.nearest}?`),
    explain:
      "Variables of a path and `body` are fields of the request, `response_body` is one of the response, all by their " +
      "names in the proto.",
  },
  E2052: {
    severity: "error",
    message: (p: { field: string; problem: string }) => `${p.field} cannot be part of a path: it ${p.problem}`,
    help: () => "use a string, number, bool or enum field",
    explain: "A variable of a path takes its value from one or several segments, which are text.",
  },
  E2054: {
    severity: "error",
    message: () => "additional_bindings may not have additional_bindings themselves",
    help: () => "list all of them in the outer rule",
    explain: "google.api.http allows one level of further bindings.",
  },
  E2055: {
    severity: "error",
    message: (p: { method: string }) => `the HTTP rule of ${p.method} has no path`,
    help: () => "set one of get, put, post, delete, patch, or custom with kind and path",
    explain: "An HTTP rule without verb and path matches no request.",
  },
  E2057: {
    severity: "warning",
    message: (p: { verb: string }) => `${p.verb} requests should not have a body`,
    help: () => "leave body out: fields that are not in the path become query parameters",
    explain: "Many clients, proxies and caches drop the body of GET and DELETE requests (AIP-127).",
  },
  E2058: {
    severity: "error",
    message: (p: { what: string; name: string }) => `${p.what} ${p.name} lies inside of another field`,
    help: () => "name a field of the message itself",
    explain: "google.api.http maps the whole message or one of its own fields to the HTTP body, nothing deeper.",
  },
  E2061: {
    severity: "error",
    message: (p: { name: string; wanted: string }) => `${p.name} must be ${p.wanted}`,
    explain: "The policy of a method, or a default of a file or service, has a value that cannot work.",
  },
  E2062: {
    severity: "error",
    message: (p: { name: string; on: string }) =>
      `the location names ${p.name}, which is no single, plain field of ${p.on}`,
    explain: "The Location header is filled from fields of the response: strings, numbers, bools or enums.",
  },
  E2063: {
    severity: "error",
    message: (p: { method: string; what: string; unary: boolean }) =>
      `${p.method} is ${p.what}, but not declared idempotent`,
    help: (p: { method: string; what: string; unary: boolean }) =>
      `add option idempotency_level = IDEMPOTENT; (or NO_SIDE_EFFECTS), ${p.unary ? "name an idempotency_key, " : ""}or remove the ${p.what === "hedged" ? "hedge" : "retry"}`,
    explain:
      "A failed call may have done its work before it failed. Calling again is safe only where doing it twice is.",
  },
  E2064: {
    severity: "error",
    message: (p: { what: "retry" | "hedge"; neededMs: number; timeoutMs: number }) =>
      p.what === "retry"
        ? `the attempts and the waits between them may take ${p.neededMs} ms, and the timeout is ${p.timeoutMs} ms`
        : `the last copy goes out after ${p.neededMs} ms, and the timeout is ${p.timeoutMs} ms`,
    help: (p: { what: "retry" | "hedge" }) =>
      p.what === "retry"
        ? "shorten the backoff or attempt_timeout, lower max_attempts, or raise the timeout"
        : "shorten the delay, lower max_attempts, or raise the timeout",
    explain:
      "The timeout covers all attempts together. Counted are the longest possible waits (each a fifth above its value)\n" +
      "and, where attempts have a time of their own, that of each of them. What begins after the timeout never happens.",
  },
  E2065: {
    severity: "error",
    message: (p: { name: string; problem: string }) => `${p.name} is in an error domain, and ${p.problem}`,
    help: (p: { name: string }) =>
      `write ${p.name} = … [(wirespan.options.v1.enum_value).error = { code: NOT_FOUND }], with the code that fits`,
    explain:
      "Each value of an enum with (wirespan.options.v1.enum).errors is an error that calls fail with, and a call fails " +
      "with a code. The value with number 0 may go without: it stands for no error.",
  },
  E2066: {
    severity: "error",
    message: (p: { name: string; on: string }) => `${p.name} declares an error, and ${p.on} is no error domain`,
    help: (p: { on: string }) => `add option (wirespan.options.v1.enum).errors = {}; to ${p.on}`,
    explain: "Who catches an error knows it by its reason and its domain, which the enum gives to all of its values.",
  },
  E2067: {
    severity: "error",
    message: (p: { what: string; text: string; problem: string }) =>
      `the ${p.what} ${JSON.stringify(p.text)} of an error ${p.problem}`,
    explain:
      "Domain, reason and metadata of an error travel in google.rpc.ErrorInfo, which says what they look like: the " +
      "reason is up to 63 characters of A-Z, 0-9 and _, keys are up to 64 of a-z, A-Z, 0-9, - and _. In a message " +
      "braces stand around the keys that it is filled from, and nowhere else.",
  },
  E2068: {
    severity: "error",
    message: (p: { name: string; other: string; what: string }) => `${p.name} and ${p.other} have the same ${p.what}`,
    help: () => "rename one of them",
    explain:
      "Each error has functions of its own in the generated code, named after it, and is known by its reason and " +
      "domain. Where two share either, programs cannot tell them apart.",
  },
  E2080: {
    severity: "error",
    message: (p: { name: string; other: string }) => `${p.name} and ${p.other} exclude each other`,
    help: () => "keep the one that is meant",
    explain:
      "A call is either retried or hedged; a method that anybody may call asks nobody for scopes, and knows no claims\n" +
      "of its callers; each kind of breaker has settings of its own.",
  },
  E2081: {
    severity: "error",
    message: (p: { name: string; method: string; wanted: string }) =>
      `${p.name} is for ${p.wanted}, and ${p.method} is none`,
    explain:
      "Answers may be given again only where asking changes nothing. A key is looked for in the one request there is,\n" +
      "and what is stored for it is the one reply: a stream would be handled each time.",
  },
  E2082: {
    severity: "error",
    message: (p: { scope: string; service: string; nearest: string | undefined; inConfiguration: boolean }) =>
      `${p.service} knows no scope ${JSON.stringify(p.scope)}`,
    help: (p: { scope: string; service: string; nearest: string | undefined; inConfiguration: boolean }) =>
      p.nearest === undefined
        ? p.inConfiguration
          ? `declare it: policies: { scopes: { ${JSON.stringify(p.scope)}: "what it is for" } }`
          : `declare it: option (wirespan.options.v1.service).scopes = { name: ${JSON.stringify(p.scope)} };`
        : `did you mean ${JSON.stringify(p.nearest)}?`,
    explain:
      "A misspelt scope would lock everybody out, so each is declared once: by the service, by its file, or under\n" +
      "`policies.scopes` of the configuration.",
  },
  E2083: {
    severity: "error",
    message: (p: { name: string; field: string; on: string; nearest: string | undefined }) =>
      `${p.name} names ${p.field}, which is no single, plain field of ${p.on}`,
    help: (p: { nearest: string | undefined }) => (p.nearest === undefined ? undefined : `did you mean ${p.nearest}?`),
    explain:
      "Keys are made of fields of the request that hold one value each: texts, numbers, bytes, bools or enums; of an\n" +
      "idempotency key a text, an integer or bytes. A path leads through messages: order.id.",
  },
  E2084: {
    severity: "error",
    message: (p: { scope: string }) => `the scope ${JSON.stringify(p.scope)} is declared twice`,
    help: () => "remove one of them",
    explain: "Each scope has one description.",
  },
  // E3xxx: AsyncAPI
  E3001: {
    severity: "error",
    message: (p: { reason: string }) => `not valid YAML or JSON: ${p.reason}`,
    help: () => "correct the syntax; quote values that hold `: ` or start with one of `{ [ & * ! | > % @`",
    explain: "The document could not be read as YAML 1.2 (JSON is a part of it).",
  },
  E3002: {
    severity: "error",
    message: (p: { key: string }) => `the key ${JSON.stringify(p.key)} is given twice in one object`,
    help: () => "remove or rename one of them",
    explain: "YAML and JSON readers differ in which of two equal keys they take, so the contract would be ambiguous.",
  },
  E3003: {
    severity: "error",
    message: (p: { what: string; limit: string }) => `the document is too large: ${p.what} (the limit is ${p.limit})`,
    help: () => "split the document with $ref",
    explain: "Contracts are untrusted input; size, nesting and what aliases expand to are bounded.",
  },
  E3004: {
    severity: "error",
    message: (p: { what: string }) => `a key must be a plain value, not ${p.what}`,
    help: () => "use a string as the key",
    explain: "AsyncAPI documents are JSON; JSON has string keys only.",
  },
  E3005: {
    severity: "error",
    message: (p: { found: string | undefined }) =>
      p.found === undefined
        ? "not an AsyncAPI document: it does not say `asyncapi: <version>`"
        : `not an AsyncAPI document: \`asyncapi\` is ${p.found}`,
    help: () => 'start it with `asyncapi: "3.0.0"`',
    explain: "The first thing an AsyncAPI document states is the version of the specification it follows.",
  },
  E3006: {
    severity: "error",
    message: (p: { found: string }) => `AsyncAPI ${p.found} is not supported`,
    help: () => "supported are 2.0.0 to 2.6.0, 3.0.0 and 3.1.0; 1.x documents are converted by `asyncapi convert`",
    explain: "wirespan reads AsyncAPI 2.0 to 3.1.",
  },
  E3007: {
    severity: "error",
    message: (p: { ref: string; missing: string; nearest: string | undefined }) =>
      `the $ref ${JSON.stringify(p.ref)} leads nowhere: no ${p.missing}`,
    help: (p: { nearest: string | undefined }) =>
      p.nearest === undefined ? undefined : `did you mean ${JSON.stringify(p.nearest)}?`,
    explain:
      "A $ref is a path to a document (empty: this one) and after `#` a JSON pointer into it; `/` in a key is\n" +
      "written `~1` and `~` is `~0`: `#/channels/user~1signedup`.",
  },
  E3009: {
    severity: "error",
    message: (p: { ref: string }) => `the $ref ${JSON.stringify(p.ref)} leads back to itself`,
    help: () => "let one of the references of the chain hold a value",
    explain: "Recursion is fine inside of a schema, but a chain of $refs has to end at something.",
  },
  E3010: {
    severity: "error",
    message: (p: { ref: string }) => `${JSON.stringify(p.ref)} is not a usable $ref`,
    help: () => "write `#/path/to/it`, `file.yaml#/path/to/it` or `file.proto#/package.Message`",
    explain: "What follows `#` is a JSON pointer: empty, or starting with `/`.",
  },
  E3011: {
    severity: "error",
    message: (p: { typeName: string; target: string; nearest: string | undefined }) =>
      `${p.target} has no message ${p.typeName}`,
    help: (p: { nearest: string | undefined }) =>
      p.nearest === undefined
        ? "give the full name of a message: `user.proto#/acme.user.v1.UserCreated`"
        : `did you mean ${p.nearest}?`,
    explain: "A proto payload is named by its file and the full name of its message, package included.",
  },
  E3012: {
    severity: "error",
    message: (p: { what: string }) => `missing: ${p.what}`,
    help: () => "add it",
    explain: "The AsyncAPI specification requires it and generated code depends on it.",
  },
  E3013: {
    severity: "error",
    message: (p: { found: string }) => `the action of an operation is \`send\` or \`receive\`, not ${p.found}`,
    help: () => "`send`: this application publishes; `receive`: it consumes",
    explain: "In AsyncAPI 3 the action is the view of the application that the document describes.",
  },
  E3014: {
    severity: "error",
    message: (p: { operation: string; what: string }) => `operation ${p.operation}: ${p.what}`,
    help: () => "refer to it as `#/channels/<id>` or `#/channels/<id>/messages/<id>`",
    explain: "An operation works on a channel of this document and on messages that this channel lists.",
  },
  E3020: {
    severity: "error",
    message: (p: { key: string; object: string; nearest: string | undefined; known: readonly string[] }) =>
      `${p.object} has no key ${JSON.stringify(p.key)}`,
    help: (p: { nearest: string | undefined; known: readonly string[] }) =>
      p.nearest === undefined ? `it takes ${p.known.join(", ")}` : `did you mean ${JSON.stringify(p.nearest)}?`,
    explain: "A misspelt policy would silently have no effect, so unknown keys of wirespan's objects are errors.",
  },
  E3021: {
    severity: "error",
    message: (p: { key: string; found: string; expected: string }) => `${p.key} is ${p.found}, expected ${p.expected}`,
    help: () => undefined,
    explain:
      "Durations are ISO 8601 with weeks, days, hours, minutes and seconds (PT0.5S, PT5M, P1D); counts are\n" +
      "positive whole numbers. `wirespan/schemas/asyncapi-extensions.schema.json` describes all of these keys.",
  },
  E3022: {
    severity: "warning",
    message: (p: { key: string; reason: string; nearest: string | undefined }) => `${p.key} has no effect: ${p.reason}`,
    help: (p: { nearest: string | undefined }) =>
      p.nearest === undefined ? undefined : `did you mean ${JSON.stringify(p.nearest)}?`,
    explain: "A key that looks like one of wirespan's own, or belongs to a proposal of which only a part is read.",
  },
  E3023: {
    severity: "error",
    message: (p: { channel: string; reason: string }) => `${p.channel} cannot take dead letters: ${p.reason}`,
    help: () => "name a channel with a fixed address, or leave `channel` out for the default name",
    explain: "A dead letter is published without knowing parameters, so its channel has one fixed address.",
  },
  E3025: {
    severity: "error",
    message: (p: { key: string; pointer: string; message: string; nearest: string | undefined }) =>
      `${p.key}: the payload of ${p.message} has nothing at ${p.pointer}`,
    help: (p: { nearest: string | undefined }) =>
      p.nearest === undefined ? undefined : `did you mean $message.payload#${p.nearest}?`,
    explain: "The expression is evaluated for every message; one that can never hold a value is a mistake.",
  },
  E3026: {
    severity: "error",
    message: (p: {
      operations: readonly { readonly id: string; readonly messages: readonly string[] }[];
      group: string | undefined;
      bound: boolean;
    }) => {
      const ids = p.operations.map(({ id }) => id).join(" and ");
      const takes = p.operations.map(({ id, messages }) => `${id} takes ${messages.join(", ")}`).join(", ");
      return p.group === undefined
        ? `${ids} share one queue and not their messages: ${takes}`
        : `${ids} share the group ${JSON.stringify(p.group)} and not their messages: ${takes}`;
    },
    help: (p: { group: string | undefined; bound: boolean }) => {
      const other = p.bound
        ? "name the queue or group in no binding and give each operation an x-consumer.group"
        : "give each a group of its own (x-consumer.group)";
      return `let them take the same messages${p.group === undefined ? ", or receive with one operation" : `, or ${other}`}`;
    },
    explain:
      "Each message goes to one consumer of its group. Where that is one of an operation which does not take the message,\n" +
      "it would be acknowledged and nobody would handle it. A group is what x-consumer.group, the queue of the AMQP\n" +
      "bindings, groupId of Kafka's or queue of NATS' says, else the operation; a channel that is one queue, or that takes\n" +
      "dead letters, has one for all.",
  },
  E3027: {
    severity: "error",
    message: (p: { operation: string; address: string; through: readonly string[] }) =>
      p.through.length === 0
        ? `the dead letters of ${p.operation} go to ${JSON.stringify(p.address)}, which it receives from itself`
        : `the dead letters of ${p.operation} come back to it from ${JSON.stringify(p.address)}, by way of ${p.through.join(", ")}`,
    help: () => "name a channel that nobody gives back, or say `x-dead-letter: false` where dead letters are received",
    explain:
      "A message that no attempt can handle would go round for ever. A dead-letter channel of the whole document is that\n" +
      "of its own receivers too, unless they say otherwise.",
  },
  E3028: {
    severity: "warning",
    message: (p: { channel: string; others: readonly string[] }) =>
      `the subjects of ${[p.channel, ...p.others].join(", ")} overlap, and in JetStream each is in one stream`,
    help: () => "give them one stream (`x-jetstream: { stream }`), or addresses that do not overlap",
    explain:
      "A channel has a stream of its own. Where one address fits the parameters of another, the server refuses the wider\n" +
      "stream, at run time, when the narrower one is there already; in the other order both share the wider one.",
  },
  E3030: {
    severity: "warning",
    message: (p: { protocol: string; modelsOnly: boolean; known: readonly string[] }) =>
      `there is no broker for the protocol ${JSON.stringify(p.protocol)}`,
    help: (p: { modelsOnly: boolean; known: readonly string[] }) =>
      `${p.modelsOnly ? "only models are generated; " : ""}brokers exist for ${p.known.join(", ")}`,
    explain:
      "Publishers and consumers need a broker that wirespan knows. For other protocols payload types, codecs and\n" +
      "validators are generated and nothing else. With --strict this is an error.",
  },
  E3031: {
    severity: "error",
    message: (p: { what: string; broker: string; instead: string | undefined }) => `${p.broker} cannot ${p.what}`,
    help: (p: { instead: string | undefined }) => p.instead,
    explain:
      "The contract asks for something that the protocol does not have, so no adapter could ever keep its promise.",
  },
  E3032: {
    severity: "warning",
    message: (p: { address: string; broker: string }) =>
      `${p.broker} cannot consume ${JSON.stringify(p.address)} with its parameters open`,
    help: () => "consumers of this channel have to name the parameters; or use one address with the values in the key",
    explain:
      "A parameterised address is a pattern on RabbitMQ, NATS and MQTT. Kafka and Redis know fixed names only, so\n" +
      "a consumer subscribes to one combination of values. With --strict this is an error.",
  },
  E3033: {
    severity: "warning",
    message: (p: { operation: string }) => `${p.operation} receives messages but says nothing about dead letters`,
    help: () => "add `x-dead-letter: {}` to the operation or its channel, or `x-dead-letter: false` to say none",
    explain:
      "A message that no attempt can handle blocks its queue or is lost, unless the contract says where it goes.\n" +
      "`x-dead-letter: {}` takes the broker's default name.",
  },
  E3034: {
    severity: "error",
    message: (p: { operation: string; takesMs: number; expiresMs: number }) =>
      `${p.operation} may be busy with one message for ${p.takesMs} ms, but it expires after ${p.expiresMs} ms`,
    help: () => "shorten the delays or the timeout, allow fewer attempts, or let messages live longer",
    explain:
      "An expired message is not handled, so the attempts that come after that time would never be made. Counted are\n" +
      "the longest waits, each a fifth above its value, and x-consumer.timeout for every attempt.",
  },
  E3035: {
    severity: "error",
    message: (p: { channel: string }) => `the operations that receive from ${p.channel} differ in x-idempotency-key`,
    help: () => "put it on the channel",
    explain: "What tells a message from its repetitions is a property of the message, not of one of its receivers.",
  },
  E3036: {
    severity: "error",
    message: (p: { channel: string; messages: readonly string[] }) =>
      `nothing tells the messages of ${p.channel} apart over WebSocket: ${p.messages.join(", ")} are bytes`,
    help: () => "add `x-websocket: { envelope: true }` to the channel, or make them one message with a oneof",
    explain:
      "A WebSocket frame says whether it is text or bytes and nothing else. JSON messages are told apart by what is in\n" +
      "them; of several messages that are bytes, in one direction, the receiver could not know which one came.",
  },
  E3037: {
    severity: "warning",
    message: (p: { message: string }) => `the headers of ${p.message} do not travel over WebSocket`,
    help: () => "add `x-websocket: { envelope: true }` to the channel where both sides are yours, or leave them out",
    explain:
      "Messages of a WebSocket have no headers. With an envelope they stand around the message; other people's peers,\n" +
      "which know nothing of it, then understand nothing.",
  },
  E3040: {
    severity: "warning",
    message: (p: { message: string; format: string }) =>
      `the payload of ${p.message} has the format ${JSON.stringify(p.format)}, which has no types here: it is bytes`,
    help: () => "use JSON Schema, the OpenAPI schema format, Avro or a proto message",
    explain: "Formats without a model pass through: handlers get the bytes as they came.",
  },
  E3042: {
    severity: "error",
    message: (p: { name: string; nearest: string | undefined }) => `there is no Avro type ${JSON.stringify(p.name)}`,
    help: (p: { nearest: string | undefined }) =>
      p.nearest === undefined
        ? "define it in the same schema; names of a namespace are written in full elsewhere"
        : `did you mean ${JSON.stringify(p.nearest)}?`,
    explain: "An Avro name refers to a record, enum or fixed type of the same schema.",
  },
  E3043: {
    severity: "warning",
    message: (p: { key: string; found: string; expected: string }) =>
      `${p.key} is ${p.found}, expected ${p.expected}: it has no effect`,
    help: () => "correct or remove it",
    explain:
      "A binding says how a channel, operation or message lives on one protocol; docs/generators/events.md lists those\n" +
      "that are honoured. A value that the protocol cannot have is left out of the generated code.",
  },
  E3044: {
    severity: "warning",
    message: (p: { message: string; example: string; reason: string }) =>
      `${p.example} of ${p.message} does not fit its schema: ${p.reason}`,
    help: () => "correct the example or the schema",
    explain:
      "Examples are what readers copy and what mocks and tests send; one that the schema refuses would be refused by\n" +
      "the generated code too.",
  },
  E3045: {
    severity: "warning",
    message: (p: { keyword: string }) => `\`${p.keyword}\` tells people something, values are not held against it`,
    help: () => "check it in the handler, or say it with another keyword",
    explain:
      "JSON Schema leaves it to each reader whether what is written in a text is looked into. wirespan does not decode " +
      "texts, and does not know the tables of international host names.",
  },
  E3046: {
    severity: "error",
    message: (p: { message: string; declared: readonly string[] }) =>
      p.declared.length === 0
        ? `the proto of ${p.message} declares no message`
        : `the proto of ${p.message} declares ${p.declared.join(", ")}, none of which has that name`,
    help: () => "give the message of the document the name of one of them, or declare one only",
    explain:
      "A proto that stands in a document as text is the payload of one message: the only one that it declares at its top, " +
      "or the one with the name of the document's message.",
  },
  E3047: {
    severity: "warning",
    message: (p: { server: string }) => `the address of the server ${p.server} says who logs in: that is left out`,
    help: () => "take user, password and tokens out of the document, and give them to the program that connects",
    explain:
      "Contracts are shared, and generated code and pages are, too. What stands before the host, and values of a query that\n" +
      "are called a token, key or password, go into none of them; nor do the variables of the server that stand there.",
  },
  E3048: {
    severity: "error",
    message: (p: { what: string }) => p.what,
    help: () => undefined,
    explain:
      "Avro's records have a name and fields, each of these a name and a type; enums have symbols, arrays items, maps\n" +
      "values, and fixed types a size. A type is a text, an object with `type`, or a list of types.",
  },
  E3050: {
    severity: "error",
    message: (p: { message: string; rule: string }) => p.message,
    help: (p: { rule: string }) => `rule ${p.rule} of the AsyncAPI specification's validator`,
    explain: "The official AsyncAPI parser judges every document; what it finds is shown at its place in your file.",
  },
  E3051: {
    severity: "warning",
    message: (p: { reason: string }) => `the official AsyncAPI validator did not judge this document: ${p.reason}`,
    help: () => undefined,
    explain: "wirespan's own checks were made; only the specification's formal rules were not.",
  },
  // E4xxx: planning and policies
  E4001: {
    severity: "error",
    message: (p: { path: string; first: string; second: string }) =>
      `${p.first} and ${p.second} would both be written to ${p.path}`,
    help: () => "rename one of the files, or generate them into different output folders",
    explain: "Two contracts map to one output path. Outputs follow the path of their source.",
  },
  E4010: {
    severity: "error",
    message: (p: { route: string; method: string; first: string }) =>
      `${p.route} of ${p.method} takes the same requests as a route of ${p.first}`,
    help: () => "give one of them another path, verb or custom verb",
    explain:
      "Two methods are bound to the same verb and path; names of path variables do not tell them apart, and verbs do " +
      "not tell methods apart that stream both ways, for those are WebSockets. " +
      "The gateway could only ever call one of them, so it refuses to start with both.",
  },
  E4020: {
    severity: "warning",
    message: (p: { pattern: string }) => `the pattern ${JSON.stringify(p.pattern)} is not checked at run time`,
    help: () => "say the same without look-around and back references, and with fewer than 2,000 steps",
    explain:
      "JavaScript's regular expressions can take exponential time on a text made for that. wirespan emits them only " +
      "for patterns that provably take linear time, `^[a-z]+(-[a-z]+)*$` for one; others, such as `^(a+)+$`, are matched " +
      "by an engine of its own in linear time. That one cannot do look-around (`(?=…)`) and back references (`\\1`).",
  },
  E4021: {
    severity: "warning",
    message: (p: { message: string; contentType: string }) =>
      `message ${p.message} is ${p.contentType}, for which there is no codec: its payload is bytes`,
    help: () => "use a JSON content type or a proto payload, or encode the bytes in the program",
    explain:
      "A payload described by a schema is written as JSON. With another content type wirespan emits the type, and hands " +
      "the program the bytes.",
  },
  E4022: {
    severity: "error",
    message: (p: { key: string; form: string }) =>
      `the key ${p.key} leads into a Timestamp, which is no message with timestamp: ${JSON.stringify(p.form)}`,
    help: () => 'name another field, or set timestamp to "message"',
    explain:
      "An ordering key is read from the message as programs have it. A Date or a text has no seconds and nanos, so " +
      "messages would silently go out without a key.",
  },
  E4023: {
    severity: "error",
    message: (p: { field: string; value: bigint }) => `no number holds ${p.value}, the default of ${p.field}, exactly`,
    help: () => 'declare the field with [jstype = JS_STRING], or set int64 to "bigint" or "string"',
    explain:
      "64-bit integers are numbers in programs by the option int64 or by jstype, and numbers are exact up to 2^53. The " +
      "default would be another one than in other languages. A value that comes over the wire is refused likewise.",
  },
  E4024: {
    severity: "warning",
    message: (p: { channels: readonly string[]; name: string; given: string }) =>
      `the channels ${p.channels.join(" and ")} are both called ${p.name} in code: the second one is ${p.given}`,
    help: () => "give one of them an id of other words (2.x: `x-channelId`)",
    explain:
      "Names in code are the words of the contract's, so ids that differ in signs alone meet. Which of them has the `$`\n" +
      "depends on their order in the document: whoever swaps them swaps what programs publish.",
  },
  E4030: {
    severity: "error",
    message: (p: { at: string; reason: string }) => `a rule of ${p.at} cannot be compiled: ${p.reason}`,
    help: () => "correct the rule; with --lenient it is a warning, and the validator throws",
    explain:
      "Rules of buf.validate become validators. One that does not fit the type of its field, or whose pattern or " +
      "expression is none, could never be kept or would be skipped in silence. Patterns are RE2's, without back " +
      "references and look-around; expressions are CEL.",
  },
  // E5xxx: usage, configuration and files
  E5001: {
    severity: "error",
    message: (p: { name: string; nearest: string | undefined; known: readonly string[] }) =>
      `unknown configuration key ${JSON.stringify(p.name)}`,
    help: (p: { nearest: string | undefined; known: readonly string[] }) =>
      p.nearest === undefined ? `the keys are ${p.known.join(", ")}` : `did you mean "${p.nearest}"?`,
    explain:
      "The configuration has a key that wirespan does not know. A misspelt key would be ignored silently, so it is a\n" +
      "fault. Editors complete the keys from schemas/config.schema.json, or from the types of defineConfig().",
  },
  E5002: {
    severity: "error",
    message: (p: { name: string; wanted: string; found: string; nearest: string | undefined }) =>
      `${p.name} takes ${p.wanted}, not ${p.found}`,
    help: (p: { nearest: string | undefined }) =>
      p.nearest === undefined ? undefined : `did you mean "${p.nearest}"?`,
    explain: "An option of the configuration has a value of the wrong type, or a word that is none of its choices.",
  },
  E5003: {
    severity: "error",
    message: (p: { path: string; reason: string }) => `cannot load the configuration ${p.path}: ${p.reason}`,
    explain:
      "The configuration file is missing, is not valid YAML or JSON, or threw while it was loaded. A TypeScript\n" +
      "configuration is loaded by Node itself where it can, and by a loader that comes with wirespan elsewhere.",
  },
  E5004: {
    severity: "error",
    message: (p: { found: string }) => `the configuration must be a mapping of options, not ${p.found}`,
    help: () => 'a module exports it as its default: export default defineConfig({ out: "src/gen" })',
    explain: "A configuration file holds one object: keys are options, each with a default.",
  },
  E5005: {
    severity: "warning",
    message: (p: { used: string; ignored: string }) => `${p.used} is used, ${p.ignored} beside it is not`,
    help: () => "keep one of them",
    explain:
      "Two configurations stand in one folder. The first of .ts, .mts, .js, .mjs, .json, .yaml, package.json counts.",
  },
  E5006: {
    severity: "error",
    message: (p: { flag: string; command: string; nearest: string | undefined }) =>
      `${p.command} has no flag ${p.flag}`,
    help: (p: { command: string; nearest: string | undefined }) =>
      p.nearest === undefined ? `${p.command} --help lists them` : `did you mean ${p.nearest}?`,
    explain: "A flag of the command line is unknown to that command.",
  },
  E5007: {
    severity: "error",
    message: (p: { name: string; commands: readonly string[]; nearest: string | undefined }) =>
      `there is no command ${p.name}, and no such file or folder`,
    help: (p: { commands: readonly string[]; nearest: string | undefined }) =>
      p.nearest === undefined ? `the commands are ${p.commands.join(", ")}` : `did you mean wirespan ${p.nearest}?`,
    explain: "The first word is a command; without a command, the words are inputs of `generate`.",
  },
  E5008: {
    severity: "error",
    message: (p: { flag: string; wanted: string; found: string; nearest: string | undefined }) =>
      `${p.flag} takes ${p.wanted}, not ${JSON.stringify(p.found)}`,
    help: (p: { nearest: string | undefined }) => (p.nearest === undefined ? undefined : `did you mean ${p.nearest}?`),
    explain: "A flag of the command line has a value that is none of its choices.",
  },
  E5009: {
    severity: "error",
    message: (p: { flag: string }) => `${p.flag} needs a value`,
    explain: "A flag that takes a value stands at the end of the command line, or before another flag.",
  },
  E5010: {
    severity: "error",
    message: (p: { command: string; problem: string }) => `${p.command}: ${p.problem}`,
    help: (p: { command: string }) => `${p.command} --help shows how to call it`,
    explain: "A command was called with an argument too many or too few, or with flags that exclude each other.",
  },
  E5011: {
    severity: "error",
    message: (p: { query: string; nearest: string | undefined }) =>
      `nothing here is called ${JSON.stringify(p.query)}: no method, service, channel, operation or diagnostic code`,
    help: (p: { nearest: string | undefined }) =>
      p.nearest === undefined
        ? "write UserService.GetUser, the id or address of a channel, the id of an operation, or a code such as E2003"
        : `did you mean ${p.nearest}?`,
    explain: "`wirespan explain` was asked about a name that the contracts do not have.",
  },
  E5012: {
    severity: "error",
    message: (p: { path: string; isFile: boolean }) =>
      `the include folder ${JSON.stringify(p.path)} ${p.isFile ? "is a file" : "is not there"}`,
    help: (p: { isFile: boolean }) =>
      p.isFile ? "name the folder that holds it" : "create the folder, or correct the path",
    explain:
      "Imports and output paths start from the include folders. One that is not there would be passed over, and\n" +
      "the outputs would land somewhere else than expected.",
  },
  // E6xxx: writing
  E6001: {
    severity: "error",
    message: (p: { path: string; out: string }) =>
      `the output path ${JSON.stringify(p.path)} lies outside of the output folder ${p.out}`,
    help: () => "rename the contract, or set an include root that holds it",
    explain: "wirespan writes inside the output folder only, whatever a contract is called.",
  },
  E6002: {
    severity: "error",
    message: (p: { path: string; stale: boolean }) =>
      p.stale
        ? `${p.path} was edited by hand since wirespan wrote it, and nothing calls for it any more`
        : `${p.path} was edited by hand since wirespan wrote it`,
    help: (p: { stale: boolean }) =>
      p.stale
        ? "keep the edit elsewhere and delete the file; --force deletes it, edit included"
        : "move the edit out of the generated file, or write over it with --force",
    explain: "wirespan never throws away what somebody wrote. Generated files are not for editing.",
  },
  E6003: {
    severity: "error",
    message: (p: { path: string }) => `${p.path} exists and was not written by wirespan`,
    help: () => "choose another output folder, move the file, or write over it with --force",
    explain: "wirespan only replaces files that its ownership file (.wirespan.json) lists.",
  },
  E6004: {
    severity: "error",
    message: (p: { path: string; reason: string }) => `cannot understand the ownership file ${p.path}: ${p.reason}`,
    help: () => "restore it from version control, or delete it and run again with --force",
    explain: ".wirespan.json lists what wirespan owns in an output folder. Without it nothing is replaced or deleted.",
  },
  E6005: {
    severity: "error",
    message: (p: { path: string; target: string }) => `${p.path} leads out of the output folder, to ${p.target}`,
    help: () => "replace the symbolic link by a folder",
    explain: "A symbolic link in the output folder would make wirespan write elsewhere.",
  },
  E6006: {
    severity: "error",
    message: (p: { path: string; reason: string }) => `cannot write ${p.path}: ${p.reason}`,
    help: () => "check the permissions of the output folder and the free space",
    explain: "An output could not be written. Files written before it are whole: each is replaced atomically.",
  },
  E6007: {
    severity: "warning",
    message: (p: { path: string; others: readonly string[] }) =>
      `${p.path} was left as it is: it is also made from ${p.others.join(", ")}, which this run did not read`,
    help: () => "run wirespan over all contracts, or write it from these alone with --force",
    explain:
      "Documents are made from several contracts. A run over some of them would take out what the others put in.",
  },
} as const satisfies Record<string, Entry<never>>;

/** A digit, then what a name may have. */
function likeName(text: string): boolean {
  return /^[1-9]\d*[a-zA-Z_]\w*$/.test(text);
}
