// The service of the suite, as its proto describes it: answers what each request asks for, and says what it has heard.
import { setTimeout as sleep } from "node:timers/promises";
import { RpcError } from "@wirespan/runtime/rpc";
import { packAny } from "@wirespan/runtime/wkt";
import {
  BidiStreamRequest,
  ClientStreamRequest,
  ConformancePayload_RequestInfo,
  IdempotentUnaryRequest,
  ServerStreamRequest,
  UnaryRequest,
} from "emitted/connectrpc/conformance/v1/service.pb.js";
import { addHeaders, headersOf } from "./headers.js";

/** `unimplemented` is left out on purpose. */
export const service = {
  unary: (request, context) => answer(request.responseDefinition, [packAny(UnaryRequest, request)], context),

  idempotentUnary: (request, context) =>
    answer(request.responseDefinition, [packAny(IdempotentUnaryRequest, request)], context),

  async clientStream(requests, context) {
    const heard = [];
    let definition;
    for await (const request of requests) {
      if (heard.length === 0) definition = request.responseDefinition;
      heard.push(packAny(ClientStreamRequest, request));
    }
    return answer(definition, heard, context);
  },

  async *serverStream(request, context) {
    const definition = request.responseDefinition;
    const heard = [packAny(ServerStreamRequest, request)];
    if (definition === undefined) return;
    setMetadata(definition, context);
    let sent = 0;
    for (const data of definition.responseData) {
      await pause(definition, context);
      const requestInfo = sent++ === 0 ? infoOf(heard, context) : undefined;
      yield { payload: { data, requestInfo } };
    }
    if (definition.error !== undefined) throw failure(definition.error, sent === 0 ? heard : undefined, context);
  },

  async *bidiStream(requests, context) {
    let definition;
    let fullDuplex = false;
    let first = true;
    let sent = 0;
    let heard = [];
    const respond = async () => {
      await pause(definition, context);
      const requestInfo = sent === 0 ? infoOf(heard, context) : fullDuplex ? { requests: heard } : undefined;
      return { payload: { data: definition.responseData[sent++], requestInfo } };
    };
    for await (const request of requests) {
      heard.push(packAny(BidiStreamRequest, request));
      if (first) {
        first = false;
        ({ responseDefinition: definition, fullDuplex } = request);
        if (definition !== undefined) setMetadata(definition, context);
      }
      if (!fullDuplex) continue;
      if (definition === undefined || sent >= definition.responseData.length) break;
      yield await respond();
      heard = [];
    }
    if (definition === undefined) return;
    while (sent < definition.responseData.length) {
      yield await respond();
      heard = [];
    }
    if (definition.error !== undefined) throw failure(definition.error, sent === 0 ? heard : undefined, context);
  },
};

/** The only response of a method that has one. */
async function answer(definition, heard, context) {
  if (definition === undefined) return { payload: { requestInfo: infoOf(heard, context) } };
  setMetadata(definition, context);
  await pause(definition, context);
  const { response } = definition;
  if (response?.case === "error") throw failure(response.value, heard, context);
  return { payload: { data: response?.value, requestInfo: infoOf(heard, context) } };
}

function setMetadata({ responseHeaders, responseTrailers }, context) {
  addHeaders(context.header, responseHeaders);
  addHeaders(context.trailer, responseTrailers);
}

async function pause({ responseDelayMs }, context) {
  if (responseDelayMs > 0) await sleep(responseDelayMs, undefined, { signal: context.signal });
}

/** Notes what time a call has when it comes in: later a busy machine would be mistaken for a wrong timeout. */
export const noteTimeout = (call, next) => {
  const { deadline } = call.context;
  const timeoutMs = deadline === undefined ? undefined : BigInt(Math.max(0, Math.round(deadline - Date.now())));
  return next(call.with({ timeoutMs }));
};

/** What arrived. */
function infoOf(requests, { metadata, timeoutMs }) {
  return { requestHeaders: headersOf(metadata), timeoutMs, requests };
}

/** The error that a request asks for; when nothing was sent before it, it says what was heard. */
function failure({ code, message = "", details }, heard, context) {
  const info = heard === undefined ? [] : [packAny(ConformancePayload_RequestInfo, infoOf(heard, context))];
  return new RpcError(code, message, { details: [...details, ...info] });
}
