import { type TraceContext, systemClock, withAmbient } from "../context/index.js";
import {
  type Call,
  type FailureListener,
  type Messages,
  type Metadata,
  type MethodInfo,
  type Reply,
  createCall,
  reportFailure,
} from "../rpc/index.js";
import { type RequestHeaders, requestMetadata, timeoutOf } from "./headers.js";
import type { PreparedRoute } from "./prepare.js";

/** What the headers of a request say about its call. */
export interface CallHead {
  readonly metadata: Metadata;
  /** Milliseconds since the epoch. */
  readonly deadline: number | undefined;
}

/** @throws {HttpError} when the headers are malformed. */
export function readHead(
  { policy }: MethodInfo,
  headers: RequestHeaders,
  trace: TraceContext,
  passed: ReadonlySet<string>,
): CallHead {
  const timeout = nearest(timeoutOf(headers), policy.timeoutMs);
  const deadline = timeout === undefined ? undefined : systemClock.now() + timeout;
  return { metadata: requestMetadata(headers, trace, passed), deadline };
}

function nearest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.min(a, b);
}

/** What a call is made of. */
export interface CallParts extends CallHead {
  readonly requests: Messages<unknown>;
  readonly trace: TraceContext;
  readonly signal?: AbortSignal | undefined;
  readonly peer: string | undefined;
  readonly onFailure: FailureListener;
}

/** A call under way. */
export interface StartedCall {
  readonly call: Call<unknown, unknown, {}>;
  readonly pending: Promise<Reply<unknown>>;
}

/** Calls what answers a route. Faults are reported. */
export function startCall({ info, implementation }: PreparedRoute, parts: CallParts): StartedCall {
  const { trace, onFailure, ...init } = parts;
  const call = createCall<unknown, unknown>({ ...init, method: info });
  // deadline and signal are the call's own
  const pending = withAmbient({ trace }, () => implementation(call));
  void pending.then(({ done }) => done).then((status) => reportFailure(status, info, onFailure));
  return { call, pending };
}
