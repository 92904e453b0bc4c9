import type { Report } from "../diagnostics/index.js";
import type { GeneratorId, Model, SourceFile, ValueForms } from "../model/index.js";
import type { Scope, SymbolTable } from "../plan/index.js";

export type { GeneratorId };

/**
 * One kind of output. First every generator declares the names it will define, for every file; then each is asked
 * for its files and finds the names of the others in the symbol table. Generators never import each other.
 */
export interface Generator {
  readonly id: GeneratorId;
  /** One line for help texts and docs. */
  readonly summary: string;
  /** False: runs only when asked for (`docs`). */
  readonly byDefault: boolean;
  /** True: it shows HTTP bindings. Where no such generator runs, faults of bindings are nobody's business. */
  readonly showsRoutes: boolean;
  /** Takes the names it defines for one source. Called for every file of the model, emitted or not. */
  declare(file: SourceFile, context: DeclareContext): void;
  /** The outputs of one source. They may depend on that file and on the shape of what it refers to, nothing else. A promise where a lazily loaded library has to work on it. */
  files(file: SourceFile, context: EmitContext): readonly RenderJob[] | Promise<readonly RenderJob[]>;
  /** Outputs of the whole model (documents). A promise where a lazily loaded library has to work on it. */
  project(context: EmitContext): readonly RenderJob[] | Promise<readonly RenderJob[]>;
}

export interface DeclareContext {
  readonly model: Model;
  readonly symbols: SymbolTable;
}

export interface EmitContext extends DeclareContext {
  /** What fields of messages hold in programs. */
  readonly forms: ValueForms;
  /** Whether services come with descriptors for reflection. */
  readonly reflection: boolean;
  /** What cannot be compiled is told as a warning, and throws when it is used. */
  readonly lenient: boolean;
  readonly report: Report;
}

/** One file to render. */
export interface RenderJob {
  /** Relative to the output folder, with `/`. */
  readonly path: string;
  /** `messages/file`: a template of the generator's folder, or `verbatim` for a ready `content` in the view. */
  readonly template: string;
  /** What the template shows; no optional properties, a missing one is an error. */
  readonly view: object;
  /** The scope whose imports go on top of a TypeScript file; undefined for documents. */
  readonly scope: Scope | undefined;
  /** Canonical paths of the contracts a document is made from; all that are emitted unless given. */
  readonly sources?: readonly string[];
}
