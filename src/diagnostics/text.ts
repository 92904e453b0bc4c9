/** What a piece of text is, from which its colour follows. */
export type Style = "error" | "warning" | "note" | "help" | "ok" | "strong" | "faint" | "added" | "removed";

const codes: Readonly<Record<Style, string>> = {
  error: "1;31",
  warning: "1;33",
  note: "1;36",
  help: "1;32",
  ok: "32",
  strong: "1",
  faint: "2",
  added: "32",
  removed: "31",
};

/** Colours a piece of text where colours are wanted. */
export function paint(text: string, style: Style, color: boolean): string {
  return color && text !== "" ? `\x1b[${codes[style]}m${text}\x1b[0m` : text;
}

/**
 * Text from contracts made safe for a terminal: control characters, and marks that reverse the direction of writing,
 * are shown by code point, line breaks as spaces, tabs as two.
 */
export function visible(text: string): string {
  return text
    .replace(/\t/g, "  ")
    .replace(/\r?\n/g, " ")
    .replace(/[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, (character) => {
      const code = character.charCodeAt(0).toString(16);
      return `\\u{${code}}`;
    });
}

/** Made when the first text needs it: that costs as much as parsing ten contracts. */
let segmenter: Intl.Segmenter | undefined;

/** What a reader sees as characters: a letter with its accents, an emoji of several code points. */
export function graphemes(text: string): readonly string[] {
  // splitting ASCII needs no tables
  if (/^[\x20-\x7e]*$/.test(text)) return [...text];
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  return [...segmenter.segment(text)].map(({ segment }) => segment);
}

/** Columns of a terminal that one grapheme takes: 0, 1, or 2 for East Asian wide characters and emoji. */
export function widthOf(grapheme: string): number {
  const code = grapheme.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  if (/^\p{M}/u.test(grapheme) || code === 0x200b || code === 0x200d) return 0;
  if (/\p{Emoji_Presentation}|\ufe0f/u.test(grapheme)) return 2;
  return wide.some(([from, to]) => code >= from && code <= to) ? 2 : 1;
}

/** Ranges of Unicode's East Asian Width property with the values W and F. */
const wide: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x1b000, 0x1b2ff],
  [0x1f200, 0x1f2ff],
  [0x20000, 0x3fffd],
];

/** Columns of a text. */
export function textWidth(text: string): number {
  let width = 0;
  for (const grapheme of graphemes(text)) width += widthOf(grapheme);
  return width;
}
