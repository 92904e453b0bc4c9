import type { Origin } from "../model/index.js";
import { table } from "./table.js";
import { hideSecrets } from "./secrets.js";

export type Severity = "error" | "warning";

/** Something to tell the user about what they wrote. Plain data; `printer.ts` shows it. */
export interface Diagnostic {
  readonly code: Code;
  readonly severity: Severity;
  readonly message: string;
  /** Where; undefined only where no file is concerned (usage, environment). */
  readonly origin: Origin | undefined;
  /** JSON pointer of the place, in documents that have such. */
  readonly pointer?: string;
  /** What to do. */
  readonly help: string | undefined;
  /** Other places that belong to it: the first declaration, the chain of `$ref`s. */
  readonly related: readonly Related[];
}

export interface Related {
  readonly message: string;
  readonly origin: Origin;
}

export type Code = keyof typeof table;

/** What the texts of a code are made from. */
export type Params<C extends Code> = Parameters<(typeof table)[C]["message"]>[0];

/** Where a stage sends its findings. It never throws and never stops the stage. */
export type Report = (diagnostic: Diagnostic) => void;

/**
 * Makes a diagnostic from the table.
 *
 * @example report(diagnostic("E2003", field.typeOrigin, { name: "Usr", nearest: "User" }));
 */
export function diagnostic<C extends Code>(
  code: C,
  origin: Origin | undefined,
  params: Params<C>,
  related: readonly Related[] = [],
): Diagnostic {
  const entries: { readonly [K in Code]: Entry<Params<K>> } = table;
  const entry: Entry<Params<C>> = entries[code];
  const help = entry.help?.(params);
  return {
    code,
    severity: entry.severity,
    message: hideSecrets(entry.message(params)),
    origin,
    help: help === undefined ? undefined : hideSecrets(help),
    related,
  };
}

/** One row of the table. */
export interface Entry<P> {
  readonly severity: Severity;
  /** Lower case, no full stop: what was found. */
  readonly message: (params: P) => string;
  /** What to do about it. */
  readonly help?: (params: P) => string | undefined;
  /** `wirespan explain <code>`: why it is a fault, with an example. */
  readonly explain: string;
}

/** True when a diagnostic of that severity is among them. */
export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === "error");
}
