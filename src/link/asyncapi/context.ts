import {
  type Code,
  type Diagnostic,
  diagnostic,
  type Params,
  type Related,
  type Report,
} from "../../diagnostics/index.js";
import { type AsyncApiDocument, type Message, type Origin, type SourceDocument, stringOf } from "../../model/index.js";
import { child, type Place } from "./place.js";
import { createRefs, type Refs } from "./refs.js";

/** What `linkAsyncApi` is given. */
export interface LinkAsyncApiInput {
  readonly document: AsyncApiDocument;
  /** The document that a `$ref` target of another leads to, by canonical path; undefined: `load` has said why. */
  resolve(from: string, target: string): SourceDocument | undefined;
  /** Proto messages by full name. */
  readonly messages: ReadonlyMap<string, Message>;
  /** Canonical path of the proto file that declares a message. */
  protoFileOf(typeName: string): string;
  readonly options: LinkAsyncApiOptions;
}

export interface LinkAsyncApiOptions {
  /** For documents that name none. */
  readonly protocol: string | undefined;
  /** Faults are warnings, and the document is used as far as it goes. */
  readonly lenient: boolean;
  /** What a document loses by a protocol is an error. */
  readonly strict: boolean;
}

/** What all parts of the linker share while they work on one document. */
export interface Context {
  readonly input: LinkAsyncApiInput;
  readonly document: AsyncApiDocument;
  /** Of the specification: they differ in who an operation is about, and in how traits merge. */
  readonly major: 2 | 3;
  readonly refs: Refs;
  /** Proto files that payloads come from. */
  readonly protoFiles: Set<string>;
  /** An error, a warning under `--lenient`. */
  fault<C extends Code>(code: C, origin: Origin, params: Params<C>, related?: readonly Related[]): void;
  warn<C extends Code>(code: C, origin: Origin, params: Params<C>): void;
  /** A warning, an error under `--strict`. */
  loss<C extends Code>(code: C, origin: Origin, params: Params<C>): void;
  /** What an object holds under a key, `$ref`s followed. */
  field(place: Place | undefined, key: string): Place | undefined;
  /** A text under a key, white space at its end removed; empty when there is none. */
  text(place: Place | undefined, key: string): string;
}

export function createContext(input: LinkAsyncApiInput, major: 2 | 3, report: Report): Context {
  const { document, options } = input;
  // a trait or component is met wherever it is used, what is wrong with it is said once
  const sent = new Set<string>();
  const send = (found: Diagnostic, severity: Diagnostic["severity"]): void => {
    const { code, message, origin } = found;
    const key = JSON.stringify([code, message, origin?.file, origin?.line, origin?.column]);
    if (sent.has(key)) return;
    sent.add(key);
    report({ ...found, severity });
  };

  const fault: Context["fault"] = (code, origin, params, related = []) =>
    send(diagnostic(code, origin, params, related), options.lenient ? "warning" : "error");
  const refs = createRefs({ input, fault });

  function field(place: Place | undefined, key: string): Place | undefined {
    const found = child(place, key);
    return found === undefined ? undefined : refs.follow(found);
  }

  return {
    input,
    document,
    major,
    refs,
    protoFiles: new Set(),
    fault,
    warn: (code, origin, params) => send(diagnostic(code, origin, params), "warning"),
    loss: (code, origin, params) =>
      send(diagnostic(code, origin, params), options.strict && !options.lenient ? "error" : "warning"),
    field,
    text: (place, key) => stringOf(field(place, key)?.node)?.trimEnd() ?? "",
  };
}
