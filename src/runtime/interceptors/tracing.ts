import {
  ambient,
  ambientWith,
  passiveTracer,
  traceHeaders,
  type Attributes,
  type Span,
  type Tracer,
} from "../context/index.js";
import {
  Code,
  codeName,
  createLayer,
  errorOfStatus,
  type CallContext,
  type Interceptor,
  type Metadata,
} from "../rpc/index.js";

/** Settings of {@link tracing}. */
export interface TracingOptions {
  /** Where spans go; by default ids are passed on and nothing is recorded. */
  readonly tracer?: Tracer | undefined;
}

/**
 * A span for every call. On a server its parent comes from the metadata (W3C Trace Context), and everything the
 * handler does belongs to it; on a client it hangs below what is around the call, and the headers carry it on.
 *
 * @example chain().use(tracing({ tracer: recordingTracer((span) => console.log(span.name)) }))
 */
export function tracing({ tracer = passiveTracer }: TracingOptions = {}): Interceptor {
  // nobody would hear what a call was about, and how it ended
  const passive = tracer === passiveTracer;
  return createLayer((call) => {
    const { context, method } = call;
    const outer = ambient();
    const name = method.path.slice(1);
    const span = tracer.start(name, {
      kind: context.side,
      // on a server the surrounding context has read the caller's headers
      parent: outer.trace,
      attributes: passive ? undefined : attributesOf(context, name),
    });
    const traced = context.side === "client" ? call.change({ metadata: injected(context, span) }) : call;
    const within = ambientWith({ trace: span.trace });
    if (passive) return { call: traced, ambient: within };
    return {
      call: traced,
      ambient: within,
      onEnd(status) {
        span.set({ "rpc.response.status_code": codeName(status.code) });
        span.end(isFailure(context, status.code) ? errorOfStatus(status) : undefined);
      },
    };
  });
}

function attributesOf({ peer }: CallContext, name: string): Attributes {
  const common = { "rpc.system.name": "grpc", "rpc.method": name };
  return peer === "" ? common : { ...common, "network.peer.address": peer };
}

function injected(context: CallContext, span: Span): Metadata {
  const metadata = context.metadata.clone();
  const headers = traceHeaders(span.trace);
  for (const key of Object.keys(headers)) {
    try {
      metadata.set(key, headers[key] ?? "");
    } catch {
      // baggage of somebody else that cannot travel must not fail the call
      metadata.delete(key);
    }
  }
  return metadata;
}

/** What the caller did wrong is no failure of a server's span. */
function isFailure(context: CallContext, code: Code): boolean {
  return context.side === "client" ? code !== Code.OK : serverFaults.has(code);
}

const serverFaults: ReadonlySet<Code> = new Set([
  Code.UNKNOWN,
  Code.DEADLINE_EXCEEDED,
  Code.UNIMPLEMENTED,
  Code.INTERNAL,
  Code.UNAVAILABLE,
  Code.DATA_LOSS,
]);
