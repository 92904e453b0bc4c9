import { type ChannelParameter, type JsonNode, jsonOf } from "../../model/index.js";
import type { Context } from "./context.js";
import { child, children, type Place } from "./place.js";

/** The names in braces of an address, in order, each once. */
export function parametersOfAddress(address: string): readonly string[] {
  return [...new Set([...address.matchAll(/\{([^{}]+)\}/g)].map((match) => match[1] ?? ""))];
}

/**
 * The parameters of a channel in the order of its address. One that the address has and nobody describes is a text;
 * one that the address does not have is left out. Where the address is not known all described ones stand.
 */
export function readParameters(
  context: Context,
  channel: Place,
  address: string | undefined,
): readonly ChannelParameter[] {
  const described = new Map<string, ChannelParameter>();
  for (const written of children(context.field(channel, "parameters"))) {
    const place = context.refs.follow(written);
    if (place === undefined) continue;
    // 2.x has a schema where 3.x has the three things that mattered of it
    const schema = context.field(place, "schema");
    const values = child(place, "enum") ?? context.field(schema, "enum");
    const preset = child(place, "default") ?? context.field(schema, "default");
    described.set(written.key, {
      name: written.key,
      description: context.text(place, "description") || context.text(schema, "description"),
      values: children(values).flatMap(({ node }) => scalarText(node) ?? []),
      default: preset && scalarText(preset.node),
      location: context.text(place, "location") || undefined,
      origin: written.origin,
    });
  }
  if (address === undefined) return [...described.values()];
  return parametersOfAddress(address).map(
    (name) =>
      described.get(name) ?? {
        name,
        description: "",
        values: [],
        default: undefined,
        location: undefined,
        origin: channel.node.origin,
      },
  );
}

function scalarText(node: JsonNode): string | undefined {
  const value = jsonOf(node);
  return typeof value === "object" ? undefined : String(value);
}
