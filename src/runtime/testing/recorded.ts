import type { Call, CallContext, Metadata, MethodImplementation, MethodInfo, RpcStatus } from "../rpc/index.js";

/** A call that a transport for tests has carried. */
export interface RecordedCall<I = unknown> {
  readonly method: MethodInfo;
  /** What came in so far, decoded. */
  readonly requests: readonly I[];
  readonly metadata: Metadata;
  /** Milliseconds since the epoch; undefined without one. */
  readonly deadline: number | undefined;
  /** How it ended; undefined while it is under way. `CANCELLED` where the caller left. */
  readonly status: RpcStatus | undefined;
}

/** A process that only ever makes calls must not fill its memory with them. */
const mostKept = 10_000;

/** Calls in the order in which they came in. */
export interface Recorder {
  readonly calls: readonly RecordedCall[];
  /** The same implementation, whose calls are kept; they are told under its contexts. */
  around(implementation: MethodImplementation): MethodImplementation;
  callOf(context: CallContext): RecordedCall | undefined;
  clear(): void;
}

interface Open extends RecordedCall {
  readonly requests: unknown[];
  status: RpcStatus | undefined;
}

export function createRecorder(): Recorder {
  let calls: Open[] = [];
  // the header is what all copies of a context share
  const byHeader = new WeakMap<Metadata, Open>();
  const record = <I, O>(call: Call<I, O, {}>): { readonly kept: Open; readonly call: Call<I, O, {}> } => {
    const { method, context } = call;
    const { deadline, header } = context;
    const kept: Open = { method, requests: [], metadata: context.metadata.clone(), deadline, status: undefined };
    calls.push(kept);
    if (calls.length > mostKept) calls.shift();
    byHeader.set(header, kept);
    const requests = call.requests.map((message) => {
      kept.requests.push(message);
      return message;
    });
    return { kept, call: call.change({ requests }) };
  };
  return {
    get calls() {
      return calls;
    },
    around:
      (implementation) =>
      async <I, O>(given: Call<I, O, {}>) => {
        const { kept, call } = record(given);
        const reply = await implementation(call);
        void reply.done.then((status) => (kept.status = status));
        return reply;
      },
    callOf: ({ header }) => byHeader.get(header),
    clear() {
      calls = [];
    },
  };
}
