/** Where something stands in the user's files. Lines and columns count from 1. */
export interface Origin {
  /** The file as the user knows it: relative to the working directory where it lies inside, with `/`. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Length of the marked text in characters on that line; 1 when unknown. */
  readonly length: number;
}

/** The comments of one declaration, text without the comment marks, protoc's attachment rules. */
export interface Comments {
  readonly leading: string;
  readonly trailing: string;
  readonly detached: readonly string[];
}

export const noComments: Comments = { leading: "", trailing: "", detached: [] };
