// The cases of the interop programs with a generated client: each does what its namesake in grpc-go does, and throws
// where the server does something else.
import assert from "node:assert/strict";
import { Code, isRpcError } from "@wirespan/runtime/rpc";
import { initialKey, payloadOf, trailingKey } from "./service.js";

const requestSizes = [27_182, 8, 1_828, 45_904];
const responseSizes = [31_415, 9, 2_653, 58_979];

/** By name. `client` is one of TestService, `others` of UnimplementedService. */
export const cases = {
  async empty_unary({ client }) {
    assert.deepEqual(await client.emptyCall({}), {});
  },

  async large_unary({ client }) {
    const { payload } = await client.unaryCall({ responseSize: 314_159, payload: payloadOf(271_828) });
    assert.equal(payload?.body.length, 314_159);
  },

  async client_streaming({ client }) {
    const requests = requestSizes.map((size) => ({ payload: payloadOf(size) }));
    const { aggregatedPayloadSize } = await client.streamingInputCall(requests);
    assert.equal(aggregatedPayloadSize, 74_922);
  },

  async server_streaming({ client }) {
    const responseParameters = responseSizes.map((size) => ({ size }));
    assert.deepEqual(await sizesOf(client.streamingOutputCall({ responseParameters })), responseSizes);
  },

  async ping_pong({ client }) {
    const { requests, send, end } = channel();
    const responses = client.fullDuplexCall(requests)[Symbol.asyncIterator]();
    for (const [index, size] of requestSizes.entries()) {
      send({ responseParameters: [{ size: responseSizes[index] }], payload: payloadOf(size) });
      const { value } = await responses.next();
      assert.equal(value?.payload?.body.length, responseSizes[index]);
    }
    end();
    assert.equal((await responses.next()).done, true);
  },

  async empty_stream({ client }) {
    assert.deepEqual(await sizesOf(client.fullDuplexCall([])), []);
  },

  async timeout_on_sleeping_server({ client }) {
    const { requests, send } = channel();
    send({ payload: payloadOf(27_182) });
    await fails(sizesOf(client.fullDuplexCall(requests, { timeoutMs: 1 })), Code.DEADLINE_EXCEEDED);
  },

  async cancel_after_begin({ client }) {
    const controller = new AbortController();
    const options = { signal: controller.signal, metadata: { key1: "value1", key2: "value2" } };
    const result = client.streamingInputCall(channel().requests, options);
    setImmediate(() => controller.abort());
    await fails(result, Code.CANCELLED);
  },

  async cancel_after_first_response({ client }) {
    const controller = new AbortController();
    const { requests, send } = channel();
    const call = client.fullDuplexCall(requests, { signal: controller.signal });
    const responses = call[Symbol.asyncIterator]();
    send({ responseParameters: [{ size: 31_415 }], payload: payloadOf(27_182) });
    assert.equal((await responses.next()).value?.payload?.body.length, 31_415);
    controller.abort();
    await fails(responses.next(), Code.CANCELLED);
  },

  async status_code_and_message({ client }) {
    const responseStatus = { code: Code.UNKNOWN, message: "test status message" };
    await fails(client.unaryCall({ responseStatus }), Code.UNKNOWN, "test status message");
    await fails(sizesOf(client.fullDuplexCall([{ responseStatus }])), Code.UNKNOWN, "test status message");
  },

  async special_status_message({ client }) {
    const message = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n";
    const call = client.unaryCall({ responseStatus: { code: Code.UNKNOWN, message } }, { timeoutMs: 10_000 });
    await fails(call, Code.UNKNOWN, message);
  },

  async custom_metadata({ client }) {
    const text = "test_initial_metadata_value";
    const bytes = new Uint8Array([0x0a, 0x0b, 0x0a, 0x0b, 0x0a, 0x0b]);
    const received = {};
    const options = {
      metadata: { [initialKey]: text, [trailingKey]: bytes },
      onHeader: (header) => (received.header = header.getAll(initialKey)),
      onTrailer: (trailer) => (received.trailer = trailer.getAllBytes(trailingKey).map((value) => [...value])),
    };
    const wanted = { header: [text], trailer: [[...bytes]] };
    await client.unaryCall({ responseSize: 1, payload: payloadOf(1) }, options);
    assert.deepEqual(received, wanted);
    delete received.header;
    delete received.trailer;
    const request = { responseParameters: [{ size: 1 }], payload: payloadOf(1) };
    assert.deepEqual(await sizesOf(client.fullDuplexCall([request], options)), [1]);
    assert.deepEqual(received, wanted);
  },

  async unimplemented_method({ unknown }) {
    await fails(unknown.unimplementedCall({}), Code.UNIMPLEMENTED);
  },

  async unimplemented_service({ others }) {
    await fails(others.unimplementedCall({}), Code.UNIMPLEMENTED);
  },

  /** grpc-go's own server leaves the id of the server empty: what can be seen of it is that all of them are alike. */
  async pick_first_unary({ client }) {
    const ids = new Set();
    for (let i = 0; i < 100; i++) {
      const { serverId } = await client.unaryCall({ responseSize: 1, payload: payloadOf(1), fillServerId: true });
      ids.add(serverId);
    }
    assert.equal(ids.size, 1);
  },
};

async function sizesOf(responses) {
  const sizes = [];
  for await (const { payload } of responses) sizes.push(payload?.body.length);
  return sizes;
}

async function fails(promise, code, message) {
  const outcome = await promise.then(
    () => "no error",
    (error) => error,
  );
  if (!isRpcError(outcome))
    throw outcome instanceof Error ? outcome : new Error(`an error was expected, not ${outcome}`);
  assert.equal(outcome.code, code);
  if (message !== undefined) assert.equal(outcome.message, message);
}

/** Requests that are sent one by one. */
function channel() {
  const waiting = [];
  let wake = () => {};
  let ended = false;
  const change = (run) => (value) => {
    run(value);
    wake();
  };
  return {
    send: change((value) => waiting.push(value)),
    end: change(() => (ended = true)),
    requests: (async function* () {
      for (;;) {
        while (waiting.length > 0) yield waiting.shift();
        if (ended) return;
        await new Promise((resolve) => (wake = resolve));
      }
    })(),
  };
}
