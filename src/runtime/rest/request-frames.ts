import type { JsonOptions } from "../wire/index.js";
import { RestCode, RestError } from "./error.js";
import { pathParts } from "./path.js";
import { prepareRequest } from "./request.js";
import type { RestRoute } from "./route.js";

/** The requests of a call as texts, and the URL that they share. */
export interface RequestFrames {
  /** Path and query; where they depend on the requests, those of the first. */
  target(): Promise<string>;
  /** Undefined when there are no more. */
  next(): Promise<string | undefined>;
  /** Tells the source to return. */
  leave(): void;
  /** What the source has thrown. */
  readonly thrown: { readonly error: unknown } | undefined;
}

/** Reads requests one by one. @throws {RestError} from its functions when one does not fit the contract. */
export function requestFrames<I>(
  route: RestRoute<I, unknown>,
  requests: AsyncIterable<I> | Iterable<I>,
  json: JsonOptions,
): RequestFrames {
  const source = Symbol.asyncIterator in requests ? requests[Symbol.asyncIterator]() : requests[Symbol.iterator]();
  let target = fixedTarget(route);
  let first: string | undefined;
  let thrown: { readonly error: unknown } | undefined;

  async function take(): Promise<string | undefined> {
    const step = await pull();
    if (step.done === true) return undefined;
    const prepared = prepareRequest(route, step.value, json);
    target ??= prepared.target;
    if (prepared.target !== target) {
      const message = `all messages of a stream share one URL, ${target} and ${prepared.target} differ`;
      throw new RestError(RestCode.INVALID_ARGUMENT, `${route.name}: ${message}`);
    }
    return typeof prepared.body === "string" ? prepared.body : "null";
  }

  async function pull(): Promise<IteratorResult<I, unknown>> {
    try {
      return await source.next();
    } catch (error) {
      thrown = { error };
      throw error;
    }
  }

  return {
    async target() {
      if (target === undefined) first = await take();
      if (target !== undefined) return target;
      throw new RestError(RestCode.INVALID_ARGUMENT, `${route.name}: a stream without messages has no URL`);
    },
    next() {
      const text = first;
      first = undefined;
      return text === undefined ? take() : Promise.resolve(text);
    },
    leave() {
      // nobody waits for it: a generator that is in the middle of something returns when that is over
      void (async () => source.return?.())().catch(() => {});
    },
    get thrown() {
      return thrown;
    },
  };
}

/** The URL of a route without variables: a call may begin before its first request is there. */
function fixedTarget({ path, query }: RestRoute<never, unknown>): string | undefined {
  const parts = pathParts(path);
  return query === undefined && parts.every((part) => typeof part === "string") ? parts.join("") : undefined;
}
