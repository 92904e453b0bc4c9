import { type SecurityScheme, stringOf } from "../../model/index.js";
import type { Context } from "./context.js";
import { type Child, children, type Place, rootOf } from "./place.js";

/**
 * The security schemes of a server or operation, any one of which is enough. 3.x lists schemes, 2.x names of the
 * components' with their scopes.
 */
export function readSecurity(context: Context, place: Place): readonly SecurityScheme[] {
  return children(context.field(place, "security")).flatMap((written) =>
    context.major === 2 ? namedSchemes(context, written) : [scheme(context, written)],
  );
}

function scheme(context: Context, written: Child): SecurityScheme {
  const { places } = context.refs.chain(written);
  const target = places.at(-1) ?? written;
  const type = context.text(target, "type");
  const isNamed = places.length > 1 && target.path.at(-2) === "securitySchemes";
  return { name: isNamed ? (target.path.at(-1) ?? type) : type, type, scopes: textsOf(context, target, "scopes") };
}

function namedSchemes(context: Context, requirement: Place): readonly SecurityScheme[] {
  const schemes = context.field(context.field(rootOf(context.document), "components"), "securitySchemes");
  return children(context.refs.follow(requirement)).map((written) => ({
    name: written.key,
    type: context.text(context.field(schemes, written.key), "type"),
    scopes: children(written).flatMap(({ node }) => stringOf(node) ?? []),
  }));
}

function textsOf(context: Context, place: Place, key: string): readonly string[] {
  return children(context.field(place, key)).flatMap(({ node }) => stringOf(node) ?? []);
}
