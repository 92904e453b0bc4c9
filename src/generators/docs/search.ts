import { commentOf } from "../shared/print.js";
import { channelKey, schemaKey, type DocsContext } from "./context.js";
import { firstSentence } from "./markdown.js";

/** One thing that the search finds: title, kind, id of its element, a line about it. */
export type SearchEntry = readonly [title: string, kind: string, id: string, detail: string];

const longestDetail = 120;

/** Everything that can be found, in the page's order. */
export function searchEntries(context: DocsContext): readonly SearchEntry[] {
  const entries: SearchEntry[] = [];
  const add = (title: string, kind: string, key: string, detail: string): void => {
    entries.push([title, kind, context.anchors.of(key), detail.slice(0, longestDetail)]);
  };
  for (const service of context.services) {
    for (const method of service.methods) {
      const about = firstSentence(commentOf(method.comments));
      method.routes.forEach((route, at) => {
        add(`${route.verb} ${route.path.source}`, "REST", `operation:${method.typeName}#${at}`, about);
      });
    }
  }
  for (const service of context.services) {
    add(service.name, "service", `service:${service.typeName}`, service.typeName);
    for (const method of service.methods) {
      add(
        `${service.name}.${method.name}`,
        "gRPC",
        `rpc:${method.typeName}`,
        firstSentence(commentOf(method.comments)),
      );
    }
  }
  for (const file of context.events) {
    for (const channel of file.channels) {
      const names = channel.messages.map((message) => message.name || message.id).join(", ");
      add(channel.id, "channel", channelKey(file, channel.id), firstSentence(channel.description) || names);
    }
  }
  for (const message of context.messages) {
    add(context.shortName(message.typeName), "message", `type:${message.typeName}`, message.typeName);
  }
  for (const found of context.enums) {
    add(context.shortName(found.typeName), "enum", `type:${found.typeName}`, found.typeName);
  }
  for (const file of context.events) {
    for (const schema of file.schemas) add(schema.name, "schema", schemaKey(file, schema.key), file.path);
  }
  return entries;
}
