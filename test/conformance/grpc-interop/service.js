// The service of the interop programs, as gRPC's description of them has it.
import { setTimeout as sleep } from "node:timers/promises";
import { RpcError } from "@wirespan/runtime/rpc";

export const initialKey = "x-grpc-test-echo-initial";
export const trailingKey = "x-grpc-test-echo-trailing-bin";

/** A service whose responses carry an id of its server. `halfDuplexCall` is in no case. */
export function createTestService(serverId) {
  return {
    emptyCall: () => ({}),

    unaryCall(request, context) {
      echo(context);
      check(request.responseStatus);
      const payload = payloadOf(request.responseSize);
      return { payload, serverId: request.fillServerId ? serverId : "" };
    },

    async *streamingOutputCall(request, context) {
      yield* respond(request, context);
    },

    async streamingInputCall(requests) {
      let aggregatedPayloadSize = 0;
      for await (const { payload } of requests) aggregatedPayloadSize += payload?.body.length ?? 0;
      return { aggregatedPayloadSize };
    },

    async *fullDuplexCall(requests, context) {
      echo(context);
      for await (const request of requests) {
        check(request.responseStatus);
        yield* respond(request, context);
      }
    },
  };
}

async function* respond({ responseParameters }, { signal }) {
  for (const { size, intervalUs } of responseParameters) {
    if (intervalUs > 0) await sleep(intervalUs / 1_000, undefined, { signal });
    yield { payload: payloadOf(size) };
  }
}

function echo({ metadata, header, trailer }) {
  const initial = metadata.get(initialKey);
  if (initial !== undefined) header.set(initialKey, initial);
  const trailing = metadata.getBytes(trailingKey);
  if (trailing !== undefined) trailer.set(trailingKey, trailing);
}

function check(status) {
  if (status !== undefined && status.code !== 0) throw new RpcError(status.code, status.message);
}

/** So many zeros, for 0 is the only type of payload. */
export function payloadOf(size) {
  return { body: new Uint8Array(size) };
}
