import type { Scope } from "../../plan/index.js";
import { call, type Expression } from "../shared/expressions.js";
import { docComment } from "../shared/print.js";
import type { Locals } from "./channel-views.js";
import { printFunction, printParameter } from "./functions.js";
import type { ChannelSymbol } from "./names.js";

/** The functions of a channel that take several messages. */
export interface BatchView {
  readonly publishBatch: string;
  readonly consumeBatch: string;
}

/** What the functions of a channel have in common. */
export interface BatchInput {
  readonly scope: Scope;
  readonly locals: Locals;
  readonly name: (kind: ChannelSymbol) => string;
  /** For people: the address. */
  readonly where: string;
  /** The type of a message that is written. */
  readonly init: string;
  /** What the type of a handler depends on. */
  readonly handlerArgs: readonly string[];
  readonly paramsArg: readonly string[];
  /** The publisher's parameter of options. */
  readonly options: string;
  /** Options with the parameters among them. */
  readonly passed: Expression;
  /** The type of options that a consumer must have. */
  readonly consumeOptions: string | undefined;
}

export function viewBatch(input: BatchInput): BatchView {
  return { publishBatch: publishBatch(input), consumeBatch: consumeBatch(input) };
}

function publishBatch({ scope, locals, name, where, init, paramsArg, options, passed }: BatchInput): string {
  const list = `${scope.global("ReadonlyArray")}<${init}>`;
  const args = [
    `${locals.broker}: ${scope.runtimeType("queue", "Broker")}`,
    ...paramsArg,
    `${locals.messages}: ${list}`,
    options,
  ];
  const body = call(scope.runtime("queue", "publishBatch"), locals.broker, name("channel"), locals.messages, passed);
  const result = `${scope.global("Promise")}<${scope.global("ReadonlyArray")}<${scope.runtimeType("queue", "PublishResult")}>>`;
  const doc = docComment(`Publishes several messages to ${where}; resolves to what became of each, in their order.`);
  return printFunction(doc, `export function ${name("publishBatch")}`, args, result, body);
}

function consumeBatch({ scope, locals, name, where, handlerArgs, consumeOptions }: BatchInput): string {
  const { broker, handler, options } = locals;
  const handlerType = `${handler}: ${scope.runtimeType("queue", "BatchHandler")}`;
  const batchOptions = scope.runtimeType("queue", "ConsumeBatchOptions");
  const args = [
    `${broker}: ${scope.runtimeType("queue", "Broker")}`,
    printParameter(handlerType, handlerArgs),
    consumeOptions === undefined ? `${options}?: ${batchOptions}` : `${options}: ${consumeOptions} & ${batchOptions}`,
  ];
  const body = call(scope.runtime("queue", "consumeBatch"), broker, name("channel"), handler, options);
  const doc = docComment(
    `Consumes ${where} in batches: what the handler names as failed is tried again, nothing else.`,
  );
  const result = `${scope.global("Promise")}<${scope.runtimeType("queue", "Consumer")}>`;
  return printFunction(doc, `export function ${name("consumeBatch")}`, args, result, body);
}
