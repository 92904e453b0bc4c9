import { ambient, systemClock, withAmbient, type Clock, type Random } from "../context/index.js";
import {
  chain as emptyChain,
  composeChain,
  createCall,
  createSelector,
  isUnaryInput,
  oneMessage,
  readMessage,
  statusOfError,
  type Call,
  type Interceptor,
  type LayerList,
  type Metadata,
  type MethodImplementation,
  type MethodInfo,
  type MethodSelector,
  type RpcStatus,
  type Transport,
} from "../rpc/index.js";

/** On copies of calls, with the value `true`: what must not be done twice is left alone where it is seen. */
export const shadowHeader = "x-shadow";

/**
 * Settings of {@link shadow}.
 *
 * @example shadow({ transport: createHttp2Transport("users-next:50051"), share: 0.05 })
 */
export interface ShadowOptions {
  /** Where copies go. Close it with the client's own. */
  readonly transport: Transport;
  /** Share of the calls that are copied, from 0 to 1; all by default. */
  readonly share?: number | undefined;
  /**
   * Which methods; by default all whose request is one message. Streams of requests are never copied. Leave out what
   * must not happen twice, unless the other side has data of its own.
   */
  readonly methods?: MethodSelector | undefined;
  /** Milliseconds that a copy may take; 5,000 by default. The call's own deadline does not matter. */
  readonly timeoutMs?: number | undefined;
  /** Copies under way at a time; further calls are not copied. 100 by default. */
  readonly maxInFlight?: number | undefined;
  /** Layers around copies: credentials, logging. */
  readonly chain?: LayerList | undefined;
  /** Hears how copies ended, for comparison. */
  readonly onEnd?: ((status: RpcStatus, method: MethodInfo) => void) | undefined;
  readonly random?: Random | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * Sends copies of calls to another transport and forgets their replies, to try a new version on real traffic. The
 * caller notices nothing: the copy is sent after the call, lives by a deadline of its own, and neither its failure nor
 * its slowness reaches anybody.
 *
 * @throws {RangeError} for a share that is not between 0 and 1.
 * @example createUserServiceClient(transport, { chain: chain().use(shadow({ transport: next, share: 0.1 })) });
 */
export function shadow(options: ShadowOptions): Interceptor {
  const { share = 1, maxInFlight = 100, random = Math.random, clock = systemClock, methods } = options;
  if (!(share >= 0 && share <= 1)) throw new RangeError(`shadow: share is ${share}; it must be between 0 and 1`);
  const isMeant = createSelector(methods ?? "*");
  const send = createSender(options, clock);
  let inFlight = 0;
  return (call, next) => {
    const { method } = call;
    if (!isUnaryInput(method.kind) || !isMeant(method) || inFlight >= maxInFlight || random() >= share) {
      return next(call);
    }
    inFlight++;
    const done = (): void => void inFlight--;
    const reply = next(call);
    takeSnapshot(call, (bytes) => (bytes === undefined ? done() : send(method, bytes, call.context.metadata, done)));
    return reply;
  };
}

/**
 * Gives the request as it was when the call was made, whatever its owner does with it afterwards: at once where it is
 * there. Undefined for one that cannot be sent anyway.
 */
function takeSnapshot<I, O, C>(
  { method, requests }: Call<I, O, C>,
  give: (bytes: Uint8Array | undefined) => void,
): void {
  const take = (request: I): void => {
    let bytes: Uint8Array | undefined;
    try {
      // sound because a request is of its method's type, or fails to be encoded
      bytes = method.input.encode(request as never).slice();
    } catch {
      // the call itself says so
    }
    give(bytes);
  };
  readMessage(requests, take, () => give(undefined));
}

type Send = (method: MethodInfo, request: Uint8Array, metadata: Metadata, done: () => void) => void;

function createSender({ transport, chain, timeoutMs = 5_000, onEnd }: ShadowOptions, clock: Clock): Send {
  const implementations = new WeakMap<MethodInfo, MethodImplementation>();
  const implementationOf = (method: MethodInfo): MethodImplementation => {
    let known = implementations.get(method);
    if (known === undefined) {
      known = composeChain((chain ?? emptyChain()).layers, method, (call) => transport.call(call));
      implementations.set(method, known);
    }
    return known;
  };

  async function run(method: MethodInfo, request: Uint8Array, original: Metadata): Promise<RpcStatus> {
    const metadata = original.clone();
    metadata.set(shadowHeader, "true");
    const copy = createCall<unknown, unknown>({
      method,
      metadata,
      requests: oneMessage(method.input.decode(request)),
      deadline: clock.now() + timeoutMs,
      side: "client",
      clock,
    });
    const reply = await implementationOf(method)(copy);
    // a stream is read to its end, and nothing of it is kept
    for await (const _ of reply.messages);
    return reply.done;
  }

  return (method, request, metadata, done) => {
    const { trace } = ambient();
    // after what the call itself still has to do in this turn
    clock.after(0, () => {
      void withAmbient({ trace }, () => run(method, request, metadata))
        .catch(statusOfError)
        .then((status) => {
          done();
          onEnd?.(status, method);
        })
        // a listener that fails must not fail the process
        .catch(() => {});
    });
  };
}
