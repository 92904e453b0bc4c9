import { globalSocket } from "../channels/global-socket.js";
import type { JsonOptions } from "../wire/index.js";
import type { RestCallOptions, RestClientOptions } from "./client.js";
import { readFrame, readValue } from "./frame.js";
import { failureOf, lifeOf, unlessOver } from "./life.js";
import { headersOf } from "./request.js";
import { type RequestFrames, requestFrames } from "./request-frames.js";
import type { RestRoute } from "./route.js";
import { type SocketCall, openSocketCall } from "./socket-call.js";
import { socketRequest } from "./socket-request.js";

/** What generated clients call for methods that stream both ways. */
export interface RestSocketClient {
  /** Leaving the iteration early cancels the call. */
  bidiStream<I, O>(
    route: RestRoute<I, O>,
    requests: AsyncIterable<I> | Iterable<I>,
    options?: RestCallOptions,
  ): AsyncIterable<O>;
}

/** The status of a response that opened a WebSocket. */
const switchingProtocols = 101;

/** A client below a base URL that makes each call over a WebSocket of its own. */
export function createRestSocketClient(baseUrl: string, options: RestClientOptions = {}): RestSocketClient {
  const base = baseUrl.replace(/\/+$/, "");
  const { registry, ignoreUnknownFields = true, socket = globalSocket } = options;
  const json: JsonOptions = { registry, ignoreUnknownFields };

  return {
    async *bidiStream(route, requests, callOptions = {}) {
      const life = lifeOf(callOptions, options.timeoutMs);
      const frames = requestFrames(route, requests, json);
      try {
        const target = await unlessOver(life, frames.target());
        const headers = await unlessOver(life, headersOf(options, callOptions.headers));
        const call = openSocketCall(route.name, socket, socketRequest(base + target, headers), life.signal);
        void sendAll(frames, call);
        for await (const text of call.received) {
          yield readValue(route, readFrame(text, switchingProtocols), json);
        }
      } catch (error) {
        // what the program's own iterable has thrown
        if (error === frames.thrown?.error) throw error;
        throw failureOf(route, error, life);
      } finally {
        life.end();
        frames.leave();
      }
    },
  };
}

/** Sends the requests, then that there are no more. */
async function sendAll(frames: RequestFrames, call: SocketCall): Promise<void> {
  try {
    for (let text = await frames.next(); text !== undefined; text = await frames.next()) await call.send(text);
    await call.send("");
  } catch (error) {
    call.fail(error);
  }
}
