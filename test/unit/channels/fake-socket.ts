import type {
  DuplexSocket,
  SocketFactory,
  SocketListener,
  SocketRequest,
} from "../../../src/runtime/channels/index.js";

/** A socket whose other side is the test. */
export interface FakeSocket extends DuplexSocket {
  bufferedAmount: number;
  readonly request: SocketRequest | undefined;
  readonly sent: (string | Uint8Array)[];
  /** Calls in their order: `close 1000`, `ping`, `pause`. */
  readonly calls: string[];
  readonly peer: SocketListener;
}

/** Sockets that do nothing by themselves; `sockets` are those that were asked for. */
export function fakeSockets(features: { readonly ping?: boolean; readonly pause?: boolean } = {}): {
  readonly factory: SocketFactory;
  readonly sockets: FakeSocket[];
} {
  const sockets: FakeSocket[] = [];
  return {
    sockets,
    factory(request) {
      const socket = fakeSocket(features, request);
      sockets.push(socket);
      return socket;
    },
  };
}

export function fakeSocket(
  { ping = true, pause = true }: { readonly ping?: boolean; readonly pause?: boolean } = {},
  request?: SocketRequest,
): FakeSocket {
  let listener: SocketListener | undefined;
  const calls: string[] = [];
  const sent: (string | Uint8Array)[] = [];
  return {
    bufferedAmount: 0,
    protocol: "",
    request,
    sent,
    calls,
    get peer() {
      if (listener === undefined) throw new Error("nobody listens");
      return listener;
    },
    listen: (given) => void (listener = given),
    send: (data) => void sent.push(data),
    close: (code, reason) => void calls.push(`close ${code} ${reason}`.trim()),
    terminate() {
      calls.push("terminate");
      listener?.close(1006, "");
    },
    ...(ping ? { ping: () => void calls.push("ping") } : {}),
    ...(pause ? { pause: () => void calls.push("pause"), resume: () => void calls.push("resume") } : {}),
  };
}
