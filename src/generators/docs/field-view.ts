import type { Html } from "./html.js";

/** One field, property or parameter as the page shows it. */
export interface FieldView {
  readonly name: Html;
  /** The type, with links. */
  readonly type: Html;
  readonly badges: readonly BadgeView[];
  /** Description as blocks, empty when there is none. */
  readonly text: Html;
  /** What a nested value holds; shown on demand. */
  readonly children: readonly FieldView[];
  /** `4 fields`; what opens the children. */
  readonly childrenLabel: string;
}

export interface BadgeView {
  readonly label: Html;
  /** A class of the style sheet: `req`, `mute`, `warn`, `info`. */
  readonly tone: string;
}

/** A small row of label and value: policies, paths, addresses. */
export interface FactView {
  readonly label: Html;
  readonly value: Html;
}

/** A block of code with a title and a button that copies it. */
export interface SampleView {
  readonly title: Html;
  /** Class of the style sheet: `command` lines wrap, `json` scrolls. */
  readonly tone: string;
  readonly code: Html;
}
