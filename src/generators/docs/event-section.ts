import type { Channel, EventMessage, EventsFile, Operation } from "../../model/index.js";
import { channelKey, type DocsContext } from "./context.js";
import type { BadgeView, FactView, FieldView, SampleView } from "./field-view.js";
import { formatDuration } from "./format.js";
import { concat, escapeHtml, markup, nothing, type Html } from "./html.js";
import { highlightJson } from "./json.js";
import { bindingFacts, securityFacts } from "./binding-facts.js";
import { badge, jsonFields } from "./proto-fields.js";
import { payloadExample } from "./schema-example.js";
import { describe, schemaFields, schemaType } from "./schema-fields.js";

export interface EventsView {
  readonly title: Html;
  readonly file: Html;
  readonly badges: readonly BadgeView[];
  readonly text: Html;
  readonly servers: readonly FactView[];
  readonly channels: readonly ChannelView[];
}

export interface ChannelView {
  readonly id: string;
  readonly name: Html;
  readonly address: Html;
  readonly badges: readonly BadgeView[];
  readonly text: Html;
  readonly parameters: readonly FieldView[];
  readonly messages: readonly EventMessageView[];
  readonly operations: readonly OperationView[];
  readonly samples: readonly SampleView[];
}

export interface EventMessageView {
  readonly name: Html;
  readonly text: Html;
  readonly facts: readonly FactView[];
  readonly fields: readonly FieldView[];
  readonly headers: readonly FieldView[];
}

export interface OperationView {
  readonly name: Html;
  readonly action: Html;
  /** Class of the style sheet. */
  readonly actionTone: string;
  readonly text: Html;
  readonly facts: readonly FactView[];
}

/** The AsyncAPI documents with their channels, in document order. */
export function eventViews(context: DocsContext): readonly EventsView[] {
  return context.events.map((file) => ({
    title: escapeHtml(file.title === "" ? file.path : file.title),
    file: escapeHtml(file.path),
    badges: [
      ...(file.version === "" ? [] : [badge(`version ${file.version}`, "mute")]),
      ...file.protocols.map((protocol) => badge(protocol, "info")),
      ...(file.modelsOnly ? [badge("models only", "mute")] : []),
    ],
    text: context.text(file.description),
    servers: file.servers.flatMap((server) => [
      {
        label: escapeHtml(server.id),
        value: markup`<code>${escapeHtml(`${server.protocol}://${server.host}${server.pathname}`)}</code>`,
      },
      ...securityFacts(server.security),
      ...bindingFacts(server.bindings),
    ]),
    channels: file.channels.map((channel) => channelView(context, file, channel)),
  }));
}

function channelView(context: DocsContext, file: EventsFile, channel: Channel): ChannelView {
  const operations = file.operations.filter((operation) => operation.channel === channel.id);
  const sends = operations.some((operation) => operation.action === "send");
  const receives = operations.some((operation) => operation.action === "receive");
  return {
    id: context.anchors.of(channelKey(file, channel.id)),
    name: escapeHtml(channel.title === "" ? channel.id : channel.title),
    address:
      channel.address === undefined
        ? markup`<em>known at run time</em>`
        : markup`<code>${escapeHtml(channel.address)}</code>`,
    badges: [
      ...(sends ? [badge("published", "send")] : []),
      ...(receives ? [badge("consumed", "receive")] : []),
      ...(channel.deprecated ? [badge("deprecated", "warn")] : []),
      ...channel.tags.map((tag) => badge(tag, "mute")),
    ],
    text: context.text(channel.description),
    parameters: channel.parameters.map((parameter) => ({
      name: escapeHtml(parameter.name),
      type: escapeHtml("string"),
      badges: [
        ...(parameter.values.length === 0 ? [] : [badge(parameter.values.slice(0, 12).join(" | "), "mute")]),
        ...(parameter.default === undefined ? [] : [badge(`default ${parameter.default}`, "mute")]),
      ],
      text: context.text(parameter.description),
      children: [],
      childrenLabel: "",
    })),
    messages: channel.messages.map((message) => messageView(context, file, message)),
    operations: operations.map((operation) => operationView(context, file, channel, operation)),
    samples: channel.messages.flatMap((message) => {
      const example = payloadExample(context.model, file, message);
      if (example === undefined) return [];
      return [{ title: escapeHtml(messageName(message)), tone: "json", code: highlightJson(example) }];
    }),
  };
}

function messageName(message: EventMessage): string {
  return message.title || message.name || message.id;
}

function messageView(context: DocsContext, file: EventsFile, message: EventMessage): EventMessageView {
  const { payload } = message;
  return {
    name: escapeHtml(messageName(message)),
    text: context.text(message.description === "" ? message.summary : message.description),
    facts: [
      { label: escapeHtml("Payload"), value: payloadType(context, file, message) },
      { label: escapeHtml("Content type"), value: markup`<code>${escapeHtml(message.contentType)}</code>` },
      ...fact("Key", message.key),
      ...fact("Correlation id", message.correlationId),
      ...(message.deprecated ? [{ label: escapeHtml("Status"), value: escapeHtml("deprecated") }] : []),
    ],
    fields:
      payload.kind === "proto"
        ? jsonFields(context, payload.typeName, "response")
        : payload.kind === "schema"
          ? schemaFields(context, file, payload.schema)
          : [],
    headers: message.headers === undefined ? [] : schemaFields(context, file, message.headers),
  };
}

function fact(label: string, value: string | undefined): readonly FactView[] {
  if (value === undefined || value === "") return [];
  return [{ label: escapeHtml(label), value: markup`<code>${escapeHtml(value)}</code>` }];
}

function payloadType(context: DocsContext, file: EventsFile, { payload }: EventMessage): Html {
  switch (payload.kind) {
    case "proto":
      return context.typeLink(payload.typeName);
    case "schema": {
      const text = describe(payload.schema);
      const type = schemaType(context, file, payload.schema);
      return text === "" || payload.schema.kind === "ref"
        ? type
        : markup`${type} <span class="format">${context.summary(text)}</span>`;
    }
    case "opaque":
      return payload.format === ""
        ? escapeHtml("bytes")
        : markup`bytes <span class="format">${escapeHtml(payload.format)}</span>`;
  }
}

function operationView(context: DocsContext, file: EventsFile, channel: Channel, operation: Operation): OperationView {
  const receives = operation.action === "receive";
  const names = operation.messages.length < channel.messages.length ? operation.messages : [];
  return {
    name: escapeHtml(operation.id),
    action: escapeHtml(receives ? "consumes" : "publishes"),
    actionTone: operation.action,
    text: context.text(operation.description === "" ? operation.summary : operation.description),
    facts: [
      ...(names.length === 0
        ? []
        : [
            {
              label: escapeHtml("Messages"),
              value: concat(
                names.map((name) => markup`<code>${escapeHtml(name)}</code>`),
                markup` `,
              ),
            },
          ]),
      // over WebSocket alone there are no groups, and nothing is tried again
      ...(receives && channel.onBroker ? consumerFacts(operation) : []),
      ...securityFacts(operation.security),
      ...bindingFacts(operation.bindings),
      ...replyFact(context, file, operation),
    ],
  };
}

/** Consumer settings in force: what root, channel and operation say together. */
function consumerFacts({ id, policy }: Operation): readonly FactView[] {
  const facts: FactView[] = [];
  const add = (label: string, value: Html): void => void facts.push({ label: escapeHtml(label), value });
  const { group = id, concurrency, order, timeoutMs, batch, retry, deadLetter, idempotencyKey, expiresMs } = policy;
  add("Group", markup`<code>${escapeHtml(group)}</code>`);
  if (concurrency !== undefined) add("Concurrency", markup`${concurrency}`);
  if (order !== undefined) add("Order", escapeHtml(order === "key" ? "per key" : order));
  if (timeoutMs !== undefined) add("Timeout", escapeHtml(formatDuration(timeoutMs)));
  if (batch !== undefined) add("Batch", markup`${batch.size} messages`);
  if (retry !== undefined) {
    const quick = retry.quick > 0 ? markup`, ${retry.quick} of them in quick succession` : nothing;
    const delays = retry.delaysMs.map((delay) => escapeHtml(formatDuration(delay)));
    const waits = delays.length === 0 ? nothing : markup`, then after ${concat(delays, markup`, `)}`;
    add("Retry", markup`up to ${retry.maxAttempts} attempts${quick}${waits}`);
  }
  if (deadLetter !== undefined) {
    add(
      "Dead letter",
      deadLetter.address === undefined
        ? markup`the broker’s default destination`
        : markup`<code>${escapeHtml(deadLetter.address)}</code>`,
    );
  }
  if (idempotencyKey !== undefined) add("Idempotency key", markup`<code>${escapeHtml(idempotencyKey)}</code>`);
  if (expiresMs !== undefined) add("Expires after", escapeHtml(formatDuration(expiresMs)));
  return facts;
}

function replyFact(context: DocsContext, file: EventsFile, { reply }: Operation): readonly FactView[] {
  if (reply === undefined) return [];
  const id = reply.channel === undefined ? undefined : context.anchors.find(channelKey(file, reply.channel));
  const target =
    id === undefined || reply.channel === undefined
      ? markup`<code>${escapeHtml(reply.address ?? "address of the request")}</code>`
      : markup`<a href="#${escapeHtml(id)}"><code>${escapeHtml(reply.channel)}</code></a>`;
  return [{ label: escapeHtml("Replies to"), value: target }];
}
