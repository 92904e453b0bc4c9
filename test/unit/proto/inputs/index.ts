import { bounds } from "./bounds.js";
import { declarations } from "./declarations.js";
import { enums } from "./enums.js";
import { features } from "./features.js";
import { fields } from "./fields.js";
import { files } from "./files.js";
import { jsonNames } from "./json-names.js";
import { limits } from "./limits.js";
import { literals } from "./literals.js";
import { names } from "./names.js";
import { numbers } from "./numbers.js";
import { options } from "./options.js";
import { style } from "./style.js";
import { syntax } from "./syntax.js";
import { tokens } from "./tokens.js";
import { visibility } from "./visibility.js";
import type { Input } from "./collect.js";

/** Every contract that protoc and buf judged; what they said is in `verdicts.json`. */
export const inputs: Readonly<Record<string, readonly Input[]>> = {
  tokens,
  literals,
  options,
  syntax,
  files,
  names,
  "json-names": jsonNames,
  numbers,
  enums,
  fields,
  limits,
  declarations,
  features,
  visibility,
  style,
  bounds,
};
