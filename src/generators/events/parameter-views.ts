import type { Channel, ChannelParameter } from "../../model/index.js";
import { docComment, propertyName, stringLiteral } from "../shared/print.js";
import { printTyped } from "../shared/expressions.js";
import { jsonLiteral, list, object, type Literal } from "../shared/schema-literal.js";

/** A parameter of an address as data. */
export function parameterLiteral(
  { name, values, default: fallback }: ChannelParameter,
  location: Literal | undefined,
): Literal {
  return object([
    ["name", jsonLiteral(name)],
    ["values", values.length === 0 ? undefined : list(values.map(jsonLiteral))],
    ["default", fallback === undefined ? undefined : jsonLiteral(fallback)],
    ["location", location],
  ]);
}

/** Publishers may leave out what has a default, and what the message itself holds. */
export function isOptional(parameter: ChannelParameter): boolean {
  return parameter.default !== undefined || parameter.location !== undefined;
}

/** The interface of an address's parameters; `init`: as publishers give them. */
export function printParams(name: string, channel: Channel, init: boolean): string {
  const members = channel.parameters.map((parameter) => {
    const optional = init && isOptional(parameter);
    const types = parameter.values.length === 0 ? ["string"] : [...new Set(parameter.values.map(stringLiteral))];
    const head = `${propertyName(parameter.name)}${optional ? "?" : ""}`;
    const doc = init ? "" : docComment(parameter.description, 2);
    return `${doc}  ${printTyped(head, optional ? [...types, "undefined"] : types, ";", 2)}`;
  });
  const doc = init ? "" : docComment(`The parameters of the address \`${channel.address ?? ""}\`.`);
  return `${doc}export interface ${name} {\n${members.join("\n")}\n}`;
}
