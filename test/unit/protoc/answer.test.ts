import { tmpdir } from "node:os";
import { describe, expect, test } from "vitest";
import { answerRequest } from "../../../src/plugins/protoc/answer.js";
import { parameterNames, parseParameters } from "../../../src/plugins/protoc/parameters.js";
import type { Diagnostic } from "../../../src/diagnostics/index.js";
import {
  CodeGeneratorRequest,
  CodeGeneratorResponse,
  CodeGeneratorResponse_Feature,
  Edition,
  FieldDescriptorProto_Type,
  type CodeGeneratorRequestInit,
  type FileDescriptorProtoInit,
} from "../../../src/runtime/wkt/index.js";

const { INT32, STRING, ENUM, GROUP, MESSAGE } = FieldDescriptorProto_Type;

const hello: FileDescriptorProtoInit = {
  name: "hello.proto",
  syntax: "proto3",
  messageType: [{ name: "Hello", field: [{ name: "count", number: 1, type: INT32, label: 1, jsonName: "count" }] }],
};

/** What a small contract does not have: a map, a group, nesting with options, extensions and options of all elements. */
const flag = { deprecated: true };
const rich: FileDescriptorProtoInit = {
  name: "rich.proto",
  package: "rich",
  syntax: "proto2",
  dependency: ["hello.proto"],
  options: { javaPackage: "rich.java", optimizeFor: 1 },
  messageType: [
    {
      name: "Rich",
      options: flag,
      field: [
        { name: "counts", number: 1, type: MESSAGE, typeName: ".rich.Rich.CountsEntry", label: 3 },
        { name: "part", number: 2, type: GROUP, typeName: ".rich.Rich.Part", label: 1, options: flag },
        { name: "hello", number: 3, type: MESSAGE, typeName: ".Hello", label: 1, oneofIndex: 0 },
        { name: "kind", number: 4, type: ENUM, typeName: ".rich.Kind", label: 1, defaultValue: "KIND_B" },
      ],
      oneofDecl: [{ name: "which" }],
      nestedType: [
        {
          name: "CountsEntry",
          options: { mapEntry: true },
          field: [
            { name: "key", number: 1, type: STRING, label: 1 },
            { name: "value", number: 2, type: INT32, label: 1 },
          ],
        },
        { name: "Part", options: flag, field: [{ name: "n", number: 1, type: INT32, label: 1 }] },
        { name: "Set", options: { messageSetWireFormat: true }, extensionRange: [{ start: 4, end: 2147483647 }] },
      ],
      extensionRange: [{ start: 100, end: 200 }],
      extension: [{ name: "inner", number: 101, type: STRING, label: 1, extendee: ".rich.Rich", options: flag }],
      reservedRange: [{ start: 10, end: 20 }],
    },
  ],
  enumType: [
    {
      name: "Kind",
      options: flag,
      value: [
        { name: "KIND_A", number: 0 },
        { name: "KIND_B", number: 1, options: flag },
      ],
    },
  ],
  extension: [{ name: "outer", number: 100, type: INT32, label: 3, extendee: ".rich.Rich", options: { packed: true } }],
  service: [
    {
      name: "Riches",
      options: flag,
      method: [{ name: "Get", inputType: ".rich.Rich", outputType: ".Hello", options: flag, serverStreaming: true }],
    },
  ],
  sourceCodeInfo: { location: [{ path: [4, 0], span: [2, 0, 9], leadingComments: " Rich.\n" }] },
};

function request(init: CodeGeneratorRequestInit): Uint8Array {
  return CodeGeneratorRequest.encode({ fileToGenerate: ["hello.proto"], protoFile: [hello], ...init });
}

async function answer(bytes: Uint8Array): Promise<CodeGeneratorResponse> {
  const { response } = await answerRequest(bytes, tmpdir());
  return CodeGeneratorResponse.decode(response);
}

async function faultOf(...files: readonly FileDescriptorProtoInit[]): Promise<string | undefined> {
  const { error, file } = await answer(request({ protoFile: files }));
  expect(file).toEqual([]);
  return error;
}

describe("M4: what the plugin answers", () => {
  test("files, and what it supports: optional in proto3, editions up to 2024", async () => {
    const { file, error, supportedFeatures, minimumEdition, maximumEdition } = await answer(request({}));
    expect(error).toBeUndefined();
    expect(file.map(({ name }) => name)).toEqual(["hello.pb.ts"]);
    expect(file[0]?.content).toContain("export interface Hello {");
    const { PROTO3_OPTIONAL, SUPPORTS_EDITIONS } = CodeGeneratorResponse_Feature;
    expect(supportedFeatures).toBe(BigInt(PROTO3_OPTIONAL | SUPPORTS_EDITIONS));
    expect(minimumEdition).toBe(Edition.EDITION_PROTO2);
    expect(maximumEdition).toBe(Edition.EDITION_2024);
  });

  test("the same bytes for the same request, whatever the order of its files", async () => {
    const other: FileDescriptorProtoInit = { ...hello, name: "other.proto", package: "other" };
    const fileToGenerate = ["hello.proto", "other.proto"];
    const [one, two] = [
      await answer(request({ fileToGenerate, protoFile: [hello, other] })),
      await answer(request({ fileToGenerate: [...fileToGenerate].reverse(), protoFile: [other, hello] })),
    ];
    expect(one.file).toHaveLength(2);
    expect(two).toEqual(one);
  });

  test("prefers the descriptors with the options that only compilers see", async () => {
    const better: FileDescriptorProtoInit = { ...hello, messageType: [{ name: "Better" }] };
    const { file } = await answer(request({ sourceFileDescriptors: [better] }));
    expect(file[0]?.content).toContain("export interface Better {");
    expect(file[0]?.content).not.toContain("Hello");
  });

  test("warnings go to stderr, those of files that are only imported nowhere", async () => {
    const field = ["a_b", "aB"].map((name, i) => ({ name, number: i + 1, type: INT32, label: 1 as const }));
    const doubtful = (name: string): FileDescriptorProtoInit => ({
      name: `${name}.proto`,
      package: name,
      messageType: [{ name: "M", field }],
    });
    const bytes = request({ protoFile: [doubtful("other"), { ...doubtful("hello"), dependency: ["other.proto"] }] });
    const { warnings, response } = await answerRequest(bytes, tmpdir());
    expect(warnings.match(/warning E2046/g)).toHaveLength(1);
    expect(warnings).toContain("hello.proto:");
    expect(CodeGeneratorResponse.decode(response).error).toBeUndefined();
  });
});

describe("M4: faults are the error of the response", () => {
  test("bytes that are no request", async () => {
    for (const bytes of [new Uint8Array(), new TextEncoder().encode("hello\n"), Uint8Array.of(0x7a, 0xff)]) {
      const { error, file } = await answer(bytes);
      expect(error).toMatch(/^error E1040: the request cannot be decoded: /);
      expect(file).toEqual([]);
    }
  });

  test("files that are not there", async () => {
    expect((await answer(request({ fileToGenerate: ["no.proto"] }))).error).toMatch(
      /^error E1041: the request has no descriptor of "no.proto", which is to be generated/,
    );
    expect(await faultOf({ ...hello, dependency: ["gone.proto"] })).toMatch(
      /^error E1041: the request has no descriptor of "gone.proto", which "hello.proto" imports/,
    );
  });

  test("descriptors that no compiler writes: every fault of them, at its place", async () => {
    const error = await faultOf({
      ...hello,
      messageType: [
        { name: "a\n*/ evil", field: [{ name: "x", number: 1, type: 99 as 1, label: 1 }] },
        { name: "M", field: [{ name: "y", number: 1, type: MESSAGE, typeName: ".no where", label: 1, oneofIndex: 3 }] },
        { name: "" },
      ],
      options: { $unknown: [{ number: 50, wireType: 2, data: Uint8Array.of(1, 255) }] },
      sourceCodeInfo: { location: [{ path: [4, 1, 2, 0, 6], span: [2, 4, 9] }] },
    });
    expect(error).toContain("a field has the type 99, which does not exist");
    expect(error).toContain("cannot be the name of a message");
    expect(error).toContain('".no where" cannot be the name of the type of a field\n  --> hello.proto:3:5');
    expect(error).toContain("there is no oneof 3 for a field");
    expect(error).toContain("its options cannot be read");
    expect(error).not.toContain("*/ evil\n");
  });

  test("options that break off, of a nested message and of one whose options others ask for", async () => {
    // behind the tag of field 4 a length that is not there
    const broken = { $unknown: [{ number: 4, wireType: 2, data: Uint8Array.of(100) }] };
    const nested = { ...hello, messageType: [{ name: "Outer", nestedType: [{ name: "Inner", options: broken }] }] };
    expect(await faultOf(nested)).toMatch(/^error E1042: .*its options cannot be read: /);
    const top = { ...hello, messageType: [{ name: "Outer", options: broken }] };
    expect(await faultOf(top)).toMatch(/^error E1042: .*its options cannot be read: /);
  });

  test("options that break off, of every kind of element at every depth", async () => {
    const broken = { $unknown: [{ number: 4, wireType: 2, data: Uint8Array.of(100) }] };
    const places: string[] = [];
    // each element in turn, in a copy of its own
    const spoil = (value: unknown, path: string, at: number, seen = { count: 0 }): unknown => {
      if (Array.isArray(value)) return value.map((item: unknown) => spoil(item, path, at, seen));
      if (typeof value !== "object" || value === null || path.endsWith("options")) return value;
      const mine = seen.count++ === at;
      if (mine) places.push(path);
      const parts = Object.entries(value).map(([key, part]) => [key, spoil(part, `${path}.${key}`, at, seen)]);
      return { ...Object.fromEntries(parts), ...(mine ? { options: broken } : {}) };
    };
    const silent: string[] = [];
    const withoutInfo = { ...rich, sourceCodeInfo: undefined };
    for (let at = 0; places.length === at; at++) {
      const file = spoil(withoutInfo, "file", at) as FileDescriptorProtoInit;
      if (places.length === at) break;
      const { error } = await answer(request({ fileToGenerate: ["rich.proto"], protoFile: [hello, file] }));
      if (error === undefined) silent.push(places[at] ?? "");
      else expect(error, places[at]).toMatch(/^error E1042: .*cannot be read: /);
    }
    // nobody looks into the fields of a map's entry, and reserved ranges have no options
    const entry = "file.messageType.nestedType.field";
    expect(silent).toEqual([entry, entry, "file.messageType.reservedRange"]);
    const kinds = "messageType nestedType field oneofDecl extensionRange extension enumType value service method";
    for (const kind of kinds.split(" "))
      expect(
        places.some((path) => path.endsWith(kind)),
        kind,
      ).toBe(true);
  });

  test("editions and syntaxes of the future", async () => {
    expect(await faultOf({ ...hello, syntax: "editions", edition: Edition.EDITION_UNSTABLE })).toContain("E1009");
    expect(await faultOf({ ...hello, syntax: "proto4" })).toContain('unknown syntax "proto4"');
  });

  test("paths that would leave the output folder", async () => {
    const name = "../../evil.proto";
    const { error, file } = await answer(request({ fileToGenerate: [name], protoFile: [{ ...hello, name }] }));
    expect(error).toContain("E6001");
    expect(file).toEqual([]);
  });

  test("messages nested without end", async () => {
    let message: NonNullable<FileDescriptorProtoInit["messageType"]>[number] = { name: "Deep" };
    for (let i = 0; i < 500; i++) message = { name: "Deep", nestedType: [message] };
    expect(await faultOf({ ...hello, messageType: [message] })).toMatch(/^error E1040: .*nested too deeply/);
  });

  test("arbitrary and mutated requests never make it throw", async () => {
    const good = request({
      parameter: "only=messages",
      fileToGenerate: ["hello.proto", "rich.proto"],
      protoFile: [hello, rich],
    });
    expect((await answer(good)).error).toBeUndefined();
    let state = 0x2545f491;
    const random = (below: number): number => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state >>> 0) % below;
    };
    let refused = 0;
    for (let i = 0; i < 400; i++) {
      const bytes = i % 4 === 0 ? new Uint8Array(random(200)).map(() => random(256)) : good.slice();
      for (let n = random(4); n >= 0 && bytes.length > 0; n--) bytes[random(bytes.length)] = random(256);
      const { error } = await answer(i % 7 === 0 ? bytes.subarray(0, random(bytes.length + 1)) : bytes);
      if (error !== undefined) refused++;
    }
    expect(refused).toBeGreaterThan(100);
  });
});

describe("M4: parameters", () => {
  function parse(text: string): { config: object; codes: readonly string[] } {
    const found: Diagnostic[] = [];
    const config = parseParameters(text, (one) => found.push(one));
    return { config, codes: found.map(({ code, message }) => `${code} ${message}`) };
  }

  test("are the options of the configuration that concern contents", () => {
    expect(parameterNames).toEqual(expect.arrayContaining(["only", "importExtension", "runtimeImport"]));
    expect(parameterNames).not.toContain("out");
  });

  test("lists go on over commas and with +, in all spellings of names", () => {
    const wanted = { config: { only: ["messages", "rpc"], importExtension: "ts" }, codes: [] };
    for (const text of [
      "only=messages,rpc,importExtension=ts",
      "only=messages+rpc,import_extension=ts",
      " only=messages , import-extension=ts,, only=rpc",
      "import_extension=ts,only=messages,rpc",
    ]) {
      expect(parse(text), text).toEqual(wanted);
    }
    expect(parse("")).toEqual({ config: {}, codes: [] });
  });

  test("everything wrong is said", () => {
    expect(parse("rpc,import_extension=jsx,only=messages,rcp,nonsense=1").codes).toEqual([
      'E1043 unknown parameter "rpc"',
      'E1043 unknown parameter "nonsense"',
      'E5002 importExtension takes "auto", "js", "ts" or "none", not "jsx"',
      expect.stringMatching(/^E5002 only takes a list of .*, not "rcp"$/),
    ]);
    expect(parse("__proto__=1,constructor=2").codes).toHaveLength(2);
    expect(parse("int64=number,enums=string,int64=number").codes).toEqual(["E1044 the parameter int64 is given twice"]);
    expect(parse("only=events").codes).toEqual([expect.stringMatching(/^E1045 only=events gives nothing/)]);
    expect(parse("only=messages,only=events").codes).toHaveLength(1);
  });
});
