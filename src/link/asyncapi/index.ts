import { createHash } from "node:crypto";
import { diagnostic, type Report } from "../../diagnostics/index.js";
import { entryOf, type EventsFile, type Origin } from "../../model/index.js";
import { deadLetterAddress, type LinkedDocument, placesWithBindings, type ReaderInput } from "./channels.js";
import { checkBrokerKeys } from "./broker-keys.js";
import { checkDocument } from "./checks.js";
import { type Context, createContext, type LinkAsyncApiInput } from "./context.js";
import { createMessages, messageName, type Messages } from "./messages.js";
import { children, type Place, rootOf } from "./place.js";
import { readPolicy } from "./policy.js";
import { readV2 } from "./read-v2.js";
import { readV3 } from "./read-v3.js";
import { jsonFormats } from "./schema-shapes.js";
import { createSchemas, type Schemas } from "./schemas.js";
import { readSockets, type Transports } from "./sockets.js";
import { collectBindings, readProtocols, readServers } from "./servers.js";
import { shapeOf } from "./shape.js";

export type { LinkAsyncApiInput, LinkAsyncApiOptions } from "./context.js";
export { brokerKeys } from "./broker-keys.js";
export { batchKeys, policyKeys } from "./policy.js";

/**
 * An AsyncAPI document, 2.0 to 3.1 → the model. What is wrong is reported, all of it; undefined only where it is no
 * AsyncAPI document of a version we read.
 */
export function linkAsyncApi(input: LinkAsyncApiInput, report: Report): EventsFile | undefined {
  const { document } = input;
  const version = readVersion(input, report);
  if (version === undefined) return undefined;
  const context = createContext(input, version.major, report);
  context.refs.check();

  const root = rootOf(document);
  const info = readInfo(context, root, version.origin);
  const servers = readServers(context, root);
  const schemas = createSchemas(context);
  const messages = createMessages(context, schemas, root);
  const policy = readPolicy(context, root, deadLetterAddress(context), "document");
  const reader: ReaderInput = { context, root, messages, servers, policy };
  const linked = version.major === 2 ? readV2(reader) : readV3(reader);
  if (linked.channels.length === 0) readComponents(context, root, schemas, messages);

  const protocols = readProtocols(context, servers, collectBindings(context, placesWithBindings(context, linked)));
  checkDocument(context, schemas, linked, protocols);
  const transports = readSockets(context, schemas, root, linked, protocols);
  checkBrokerKeys(
    context,
    linked.channels.map(({ place }) => place),
    protocols.names,
  );

  const file = {
    kind: "events" as const,
    path: document.source.path,
    origin: version.origin,
    asyncapi: version.text,
    ...info,
    servers: servers.map(({ server }) => server),
    protocols: protocols.names,
    modelsOnly: protocols.modelsOnly,
    ...dataOf(linked, transports),
    schemas: schemas.named(),
    protoFiles: [...context.protoFiles].toSorted(),
    emit: true,
  };
  return { ...file, hash: hashOf(context), shape: shapeOf(file) };
}

function dataOf(
  { channels, operations }: LinkedDocument,
  transports: Transports,
): Pick<EventsFile, "channels" | "operations"> {
  return {
    channels: channels.map(({ channel }) => ({ ...channel, ...transports.get(channel.id) })),
    operations: operations.map(({ operation }) => operation),
  };
}

/** Of the document and all it refers to, so that a comment in a shared file reaches the output. */
function hashOf({ refs, document }: Context): string {
  const others = refs.documents().slice(1);
  if (others.length === 0) return document.source.hash;
  const hashes = others.map(({ source }) => `${source.path} ${source.hash}`).toSorted();
  return createHash("sha256")
    .update([document.source.hash, ...hashes].join("\n"))
    .digest("hex");
}

interface Version {
  readonly text: string;
  readonly major: 2 | 3;
  readonly origin: Origin;
}

function readVersion({ document }: LinkAsyncApiInput, report: Report): Version | undefined {
  const value = entryOf(document.root, "asyncapi")?.value;
  if (value?.kind !== "scalar" || value.value === null || typeof value.value === "boolean") {
    const found = value === undefined ? undefined : "no version";
    report(diagnostic("E3005", value?.origin ?? document.root.origin, { found }));
    return undefined;
  }
  const text = String(value.value);
  const [, major, minor] = /^(\d+)\.(\d+)(?:\.\d+)?(?:-.*)?$/.exec(text) ?? [];
  if (major === "2" && Number(minor) <= 6) return { text, major: 2, origin: value.origin };
  if (major === "3" && Number(minor) <= 1) return { text, major: 3, origin: value.origin };
  report(diagnostic("E3006", value.origin, { found: text }));
  return undefined;
}

function readInfo(
  context: Context,
  root: Place,
  origin: Origin,
): Pick<EventsFile, "title" | "version" | "description"> {
  const info = context.field(root, "info");
  if (info?.node.kind !== "object") {
    context.fault("E3012", origin, { what: "`info` with `title` and `version`" });
    return { title: "", version: "", description: "" };
  }
  const at = entryOf(root.node, "info")?.origin ?? origin;
  const read = (key: string): string => {
    const value = context.field(info, key)?.node;
    if (value === undefined) context.fault("E3012", at, { what: `\`info.${key}\`` });
    return value?.kind === "scalar" && value.value !== null ? String(value.value) : "";
  };
  return { title: read("title"), version: read("version"), description: context.text(info, "description") };
}

/** A document without channels is a library of schemas and messages: their types are what it is for. */
function readComponents(context: Context, root: Place, schemas: Schemas, messages: Messages): void {
  const components = context.field(root, "components");
  for (const schema of children(context.field(components, "schemas"))) {
    schemas.convertNamed(schema, schema.key, jsonFormats.json);
  }
  for (const written of children(context.field(components, "messages"))) {
    const place = context.refs.follow(written);
    if (place?.node.kind === "object") messages.read(place, written.key, messageName(place, written.key));
  }
}
