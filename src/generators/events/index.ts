import { diagnostic } from "../../diagnostics/index.js";
import type { Channel, EventsFile } from "../../model/index.js";
import type { RuntimeModule, Scope } from "../../plan/index.js";
import type { EmitContext, Generator, RenderJob } from "../generator.js";
import { takeLocals, viewChannel } from "./channel-views.js";
import { leadsIntoTimestamp } from "./key.js";
import { declareNames, descriptorKey, outputPath, plainName } from "./names.js";
import { planEvents } from "./plan.js";
import { viewSchemas } from "./schema-views.js";
import { viewServers } from "./server-views.js";

/** Payload types, channels, publishers and consumers of AsyncAPI documents: `….events.ts`. */
export const events: Generator = {
  id: "events",
  summary: "payload types, channels, publishers and consumers of AsyncAPI documents",
  byDefault: true,
  showsRoutes: false,

  declare(file, { symbols }) {
    if (file.kind === "events") declareNames(file, symbols);
  },

  files(file, context) {
    if (file.kind !== "events") return [];
    const { channels, modelsOnly } = file;
    const empty = planEvents(file).schemas.length === 0 && (modelsOnly || channels.length === 0);
    return empty ? [] : [renderFile(file, context)];
  },

  project: () => [],
};

function renderFile(file: EventsFile, context: EmitContext): RenderJob {
  const path = outputPath(file);
  const scope = scopeOf(file, context.symbols.scope(path));
  const channels = file.modelsOnly ? [] : file.channels;
  const locals = takeLocals(scope);
  reportUnsupported(file, context);
  reportSameNames(file, channels, context);
  if (context.forms.timestamp !== "message") reportLostKeys(file, context);
  const schemas = viewSchemas(file, scope, context);
  const views = channels.map((channel) => viewChannel(file, channel, scope, locals, context));
  const view = {
    schemas,
    servers: channels.length === 0 ? [] : viewServers(file, scope),
    channels: views,
    replies: views.flatMap(({ replies }) => replies),
  };
  return { path, template: "events/file", view, scope };
}

/** Browsers load what is on WebSocket alone, so that it must not ask for queues. */
function scopeOf(file: EventsFile, scope: Scope): Scope {
  const { channels, modelsOnly } = file;
  if (modelsOnly || channels.length === 0 || channels.some(({ onBroker }) => onBroker)) return scope;
  const moduleOf = (module: RuntimeModule): RuntimeModule => (module === "queue" ? "channels" : module);
  return {
    ...scope,
    runtime: (module, name) => scope.runtime(moduleOf(module), name),
    runtimeType: (module, name) => scope.runtimeType(moduleOf(module), name),
  };
}

/** Ordering keys that no program would find: a Date or a text has no `seconds`. */
function reportLostKeys(file: EventsFile, { model, forms, report }: EmitContext): void {
  const plan = planEvents(file);
  for (const message of new Set(file.channels.flatMap((channel) => channel.messages))) {
    const payload = plan.payloadOf(message);
    if (message.key === undefined || payload.kind !== "proto") continue;
    if (!leadsIntoTimestamp(model, message.key, payload.typeName)) continue;
    report(diagnostic("E4022", message.origin, { key: message.key, form: forms.timestamp }));
  }
}

/** Channels whose ids are the same words: the later ones have names that depend on the document's order. */
function reportSameNames(file: EventsFile, channels: readonly Channel[], { symbols, report }: EmitContext): void {
  const first = new Map<string, string>();
  for (const channel of channels) {
    const name = plainName(channel);
    const before = first.get(name);
    if (before === undefined) first.set(name, channel.id);
    else {
      const given = symbols.get(descriptorKey(file, channel)).name;
      report(diagnostic("E4024", channel.origin, { channels: [before, channel.id], name, given }));
    }
  }
}

/** Content types without codec, once per message. */
function reportUnsupported(file: EventsFile, { report }: EmitContext): void {
  const plan = planEvents(file);
  const seen = new Set<string>();
  for (const message of file.channels.flatMap((channel) => channel.messages)) {
    const payload = plan.payloadOf(message);
    const place = `${message.origin.file}:${message.origin.line}:${message.origin.column}`;
    if (payload.kind !== "bytes" || !payload.typed || seen.has(place)) continue;
    seen.add(place);
    report(
      diagnostic("E4021", message.origin, { message: message.name || message.id, contentType: message.contentType }),
    );
  }
}
