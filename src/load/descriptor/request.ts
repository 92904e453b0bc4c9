import { diagnostic, type Report } from "../../diagnostics/index.js";
import { isWireError } from "../../runtime/wire/index.js";
import { FileSet, Request, Response } from "./descriptor.pb.js";

/** What protoc or buf asks for. */
export interface PluginRequest {
  /** Canonical paths of the files to write code for. */
  readonly generate: readonly string[];
  /** The text behind the plugin's option, as given. */
  readonly parameter: string;
  /** Serialised descriptors: the files to generate and all they import, in the order of their imports. */
  readonly files: readonly Uint8Array[];
  /** Those to generate once more, with the options that only compilers see. */
  readonly sourceFiles: readonly Uint8Array[];
}

/** Decodes a `CodeGeneratorRequest`; bytes that are none are reported. */
export function decodeRequest(bytes: Uint8Array, report: Report): PluginRequest | undefined {
  const request = attempt("the request", () => Request.decode(bytes), report);
  if (request === undefined) return undefined;
  const { fileToGenerate, parameter = "", protoFile, sourceFileDescriptors } = request;
  return { generate: fileToGenerate, parameter, files: protoFile, sourceFiles: sourceFileDescriptors };
}

/** The serialised descriptors of a `FileDescriptorSet`; bytes that are none are reported. */
export function decodeFileSet(bytes: Uint8Array, report: Report): readonly Uint8Array[] {
  return attempt("the descriptor set", () => FileSet.decode(bytes), report)?.file ?? [];
}

function attempt<T>(what: string, decode: () => T, report: Report): T | undefined {
  try {
    return decode();
  } catch (error) {
    if (!isWireError(error)) throw error;
    report(diagnostic("E1040", undefined, { what, problem: error.message }));
    return undefined;
  }
}

/** Numbers of `google.protobuf.Edition`: what this version knows, from proto2 on. */
const supportedEditions = { minimum: 998, maximum: 1001 } as const;

/** FEATURE_PROTO3_OPTIONAL and FEATURE_SUPPORTS_EDITIONS. */
const supportedFeatures = 1 | 2;

/** A `CodeGeneratorResponse` with files, or with an error for the user. */
export function encodeResponse(
  answer:
    { readonly error: string } | { readonly files: readonly { readonly path: string; readonly content: string }[] },
): Uint8Array {
  return Response.encode({
    supportedFeatures,
    minimumEdition: supportedEditions.minimum,
    maximumEdition: supportedEditions.maximum,
    ...("error" in answer
      ? { error: answer.error }
      : { file: answer.files.map(({ path, content }) => ({ name: path, content })) }),
  });
}
