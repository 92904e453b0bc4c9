import type { Field, Message } from "../../model/index.js";
import { call, evaluate, line, type Statement, when } from "../shared/expressions.js";
import { stringLiteral } from "../shared/print.js";

/** `required` fields in groups of as many as one number has bits for. */
export function requiredGroups({ fields }: Message): readonly (readonly Field[])[] {
  const required = fields.filter((field) => field.presence === "required");
  const groups: Field[][] = [];
  for (let i = 0; i < required.length; i += 30) groups.push(required.slice(i, i + 30));
  return groups;
}

/** The statement that notes a field as seen. */
export function markOf(groups: readonly (readonly Field[])[]): (field: Field) => string | undefined {
  return (field) => {
    const group = groups.findIndex((fields) => fields.includes(field));
    const bit = groups[group]?.indexOf(field) ?? 0;
    return group < 0 ? undefined : `r${group} |= 0x${(2 ** bit).toString(16)};`;
  };
}

/** The bits of all fields of a group. */
function fullMask(group: readonly Field[]): string {
  return `0x${(2 ** group.length - 1).toString(16)}`;
}

/** The statements that declare the bits seen so far: none, or those of the message's earlier pieces. */
export function declareGroups(groups: readonly (readonly Field[])[], resume: string): readonly Statement[] {
  return groups.map((group, i) =>
    line(`let r${i} = into === undefined ? 0 : ${resume}(into, ${i}, ${fullMask(group)});`),
  );
}

/** The statements that note the message `m` when a field was not seen. */
export function noteGroups(
  { typeName }: Message,
  groups: readonly (readonly Field[])[],
  note: string,
): readonly Statement[] {
  return groups.map((group, i) => {
    const names = stringLiteral(group.map((field) => field.name).join(" "));
    return when(
      `r${i} !== ${fullMask(group)}`,
      evaluate(call(note, "m", String(i), `r${i}`, stringLiteral(typeName), names)),
    );
  });
}
