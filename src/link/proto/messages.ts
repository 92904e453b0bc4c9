import { noOptions, type Message, type MessageSyntax, type Oneof } from "../../model/index.js";
import { checkDeclarations } from "./check-declarations.js";
import { checkMessage } from "./check-message.js";
import { checkStyle } from "./check-style.js";
import type { LinkContext, Outer } from "./context.js";
import { buildEnum } from "./enums.js";
import { mergeFeatures } from "./features.js";
import { buildExtensions, buildField } from "./fields.js";
import { join } from "./symbols.js";

/** The end of `to max` in a message; message sets go further. */
const maxFieldNumber = 536_870_911;
const maxMessageSetNumber = 2_147_483_646;

/** A message with all that it nests, checked and entered into the context. */
export function buildMessage(context: LinkContext, node: MessageSyntax, outer: Outer): Message {
  const { document, scope, parent } = outer;
  const typeName = join(scope, node.name);
  const options = context.options.read(node.options, "Message", { document, scope });
  const features = mergeFeatures(outer.features, options);
  const inside: Outer = { document, scope: typeName, parent: typeName, features };
  const messageSet = options.get("message_set_wire_format") === true;
  const oneofs = buildOneofs(context, node, inside);
  const oneofFeatures = new Map(oneofs.map((oneof) => [oneof.name, mergeFeatures(features, oneof.options)]));
  checkStyle(context, "message", node.name, node.origin, features);
  for (const { name, origin } of node.oneofs) {
    checkStyle(context, "oneof", name, origin, oneofFeatures.get(name) ?? features);
  }
  // ranges of one statement share their options, which are read once
  const rangeOptions = new Map(node.extensionRanges.map((range) => [range.options, noOptions]));
  for (const shared of rangeOptions.keys()) {
    rangeOptions.set(shared, context.options.read(shared, "ExtensionRange", { document, scope: typeName }));
  }
  const fields = node.fields.flatMap((field) => {
    const own = field.oneof === undefined ? undefined : oneofFeatures.get(field.oneof);
    const built = buildField(context, field, own === undefined ? inside : { ...inside, features: own });
    return built === undefined ? [] : [built];
  });
  const built: Message = {
    kind: "message",
    name: node.name,
    typeName,
    origin: node.origin,
    comments: node.comments,
    deprecated: options.get("deprecated") === true,
    options,
    file: document.source.path,
    parent,
    visibility: node.visibility,
    fields,
    oneofs,
    messages: node.messages.map((inner) => buildMessage(context, inner, inside)),
    enums: node.enums.map((inner) => buildEnum(context, inner, inside)),
    extensions: node.extends.flatMap((extend) => buildExtensions(context, extend, inside)),
    extensionRanges: node.extensionRanges.map(({ start, end, options: shared }) => ({
      start,
      end: messageSet && end === maxFieldNumber ? maxMessageSetNumber : end,
      options: rangeOptions.get(shared) ?? noOptions,
    })),
    reservedRanges: node.reserved.map(({ start, end }) => ({ start, end })),
    reservedNames: node.reservedNames.map(({ name }) => name),
    messageSet,
  };
  checkMessage(context, node, built, features, document.syntax);
  checkDeclarations(context, node, built.extensionRanges);
  if (!context.messages.has(typeName)) context.messages.set(typeName, built);
  return built;
}

function buildOneofs(context: LinkContext, node: MessageSyntax, { document, scope }: Outer): readonly Oneof[] {
  const members = new Map<string, string[]>(node.oneofs.map((oneof) => [oneof.name, []]));
  for (const field of node.fields) {
    if (field.oneof !== undefined) members.get(field.oneof)?.push(field.name);
  }
  return node.oneofs.map((oneof) => ({
    name: oneof.name,
    origin: oneof.origin,
    comments: oneof.comments,
    options: context.options.read(oneof.options, "Oneof", { document, scope }),
    fields: members.get(oneof.name) ?? [],
  }));
}
