import { diagnostic } from "../../diagnostics/index.js";
import type { Origin } from "../../model/index.js";
import type { LinkContext } from "./context.js";
import type { Features } from "./features.js";

/** What a style is called, and what the underscores of a name must look like besides. */
interface Style {
  readonly name: string;
  readonly pattern: RegExp;
}

// an underscore stands between two words, and a word begins with a letter
const titleCase: Style = { name: "TitleCase", pattern: /^[A-Z][A-Za-z0-9]*$/ };
const snakeCase: Style = { name: "lower_snake_case", pattern: /^[a-z][a-z0-9]*(?:_[a-z][a-z0-9]*)*$/ };
const upperCase: Style = { name: "UPPER_SNAKE_CASE", pattern: /^[A-Z][A-Z0-9]*(?:_[A-Z][A-Z0-9]*)*$/ };
const packageCase: Style = {
  name: "lower_snake_case",
  pattern: new RegExp(`^${snakeCase.pattern.source.slice(1, -1)}(?:\\.${snakeCase.pattern.source.slice(1, -1)})*$`),
};

const styles = {
  package: packageCase,
  message: titleCase,
  field: snakeCase,
  oneof: snakeCase,
  enum: titleCase,
  "enum value": upperCase,
  service: titleCase,
  method: titleCase,
} as const satisfies Readonly<Record<string, Style>>;

/** Reports a name that breaks the style which `features.enforce_naming_style` asks for here. */
export function checkStyle(
  { report, compiled }: LinkContext,
  kind: keyof typeof styles,
  name: string,
  origin: Origin,
  features: Features,
): void {
  if (compiled || features.style === "STYLE_LEGACY" || styles[kind].pattern.test(name)) return;
  const wanted = styles[kind];
  const suggestion = suggest(name, wanted);
  const close = wanted.pattern.test(suggestion) ? suggestion : undefined;
  report(diagnostic("E2029", origin, { kind, name, style: wanted.name, suggestion: close }));
}

function suggest(name: string, style: Style): string {
  const convert = (part: string): string => {
    const words = part
      .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
      .split("_")
      .filter((word) => word !== "")
      // a number joins the word before it
      .reduce<string[]>((list, word) => {
        if (/^\d/.test(word) && list.length > 0) list[list.length - 1] += word;
        else list.push(word);
        return list;
      }, []);
    if (style === upperCase) return words.join("_").toUpperCase();
    if (style === titleCase) return words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join("");
    return words.join("_").toLowerCase();
  };
  return name.split(".").map(convert).join(".");
}
