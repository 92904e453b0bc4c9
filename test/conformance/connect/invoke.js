import { setTimeout as sleep } from "node:timers/promises";
import { createMetadata, isRpcError } from "@wirespan/runtime/rpc";
import { unpackAny } from "@wirespan/runtime/wkt";
import { StreamType } from "emitted/connectrpc/conformance/v1/config.pb.js";
import { ConformanceService } from "emitted/connectrpc/conformance/v1/service.rpc.js";
import { addHeaders, headersOf } from "./headers.js";

/** Makes the call that the suite asks for with a generated client, and tells what came of it. */
export async function invoke(request, client) {
  const key = request.method.charAt(0).toLowerCase() + request.method.slice(1);
  const method = ConformanceService.methods[key];
  if (method === undefined) throw new Error(`there is no method ${request.method}`);
  const messages = request.requestMessages.map((any) => unpackAny(any, method.input));
  const controller = new AbortController();
  const outgoing = createMetadata();
  addHeaders(outgoing, request.requestHeaders);
  let header;
  let trailer;
  const options = {
    metadata: outgoing,
    signal: controller.signal,
    timeoutMs: request.timeoutMs,
    onHeader: (received) => (header = received),
    onTrailer: (received) => (trailer = received),
  };
  const payloads = [];
  const upload = createUpload(request, messages, controller, () => payloads.length);
  let error;
  try {
    for await (const response of responsesOf(client, key, method, upload, options)) {
      payloads.push(response.payload ?? {});
      upload.received();
      if (timingOf(request).afterNumResponses === payloads.length) controller.abort();
    }
  } catch (thrown) {
    if (!isRpcError(thrown)) throw thrown;
    error = { code: thrown.code, message: thrown.message, details: [...thrown.details] };
  } finally {
    upload.stop();
  }
  return {
    responseHeaders: headersOf(header),
    responseTrailers: headersOf(trailer),
    payloads,
    error,
    numUnsentRequests: error === undefined ? 0 : upload.unsent(),
  };
}

/** The responses of a method of any kind. */
async function* responsesOf(client, key, { kind }, upload, options) {
  switch (kind) {
    case "unary":
      yield await client[key](await upload.only(), options);
      return;
    case "client_streaming":
      yield await client[key](upload, options);
      return;
    case "server_streaming":
      yield* client[key](await upload.only(), options);
      return;
    case "bidi_streaming":
      yield* client[key](upload, options);
      return;
  }
}

function timingOf({ cancel }) {
  const timing = cancel?.cancelTiming;
  return {
    beforeCloseSend: timing?.case === "beforeCloseSend",
    afterCloseSendMs:
      timing?.case === "afterCloseSendMs" ? timing.value : cancel !== undefined && timing === undefined ? 0 : undefined,
    afterNumResponses: timing?.case === "afterNumResponses" ? timing.value : undefined,
  };
}

/** The requests of a call, each in its time, and the cancellation that belongs to their end. */
function createUpload(request, messages, controller, responses) {
  const { beforeCloseSend, afterCloseSendMs } = timingOf(request);
  const fullDuplex = request.streamType === StreamType.FULL_DUPLEX_BIDI_STREAM;
  let sent = 0;
  let wake = () => {};
  const state = { stopped: false };
  let timer;
  const closed = () => {
    if (afterCloseSendMs !== undefined) timer = setTimeout(() => controller.abort(), afterCloseSendMs);
  };
  const until = async (holds) => {
    while (!state.stopped && !holds()) await new Promise((resolve) => (wake = resolve));
  };
  return {
    async only() {
      await sleep(request.requestDelayMs);
      sent = 1;
      closed();
      return messages[0];
    },
    async *[Symbol.asyncIterator]() {
      for (const message of messages) {
        if (request.requestDelayMs > 0) await sleep(request.requestDelayMs);
        if (state.stopped) return;
        sent++;
        yield message;
        if (fullDuplex) await until(() => responses() >= sent);
      }
      if (beforeCloseSend) {
        controller.abort();
        await until(() => false);
      }
      closed();
    },
    received: () => wake(),
    unsent: () => messages.length - sent,
    stop() {
      state.stopped = true;
      clearTimeout(timer);
      wake();
    },
  };
}
