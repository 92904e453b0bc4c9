import {
  ambient,
  ambientWith,
  passiveTracer,
  traceHeaders,
  type Attributes,
  type Span,
  type TraceContext,
  type Tracer,
} from "../context/index.js";
import {
  codeName,
  createLayer,
  errorOfStatus,
  type CallContext,
  type Interceptor,
  type Metadata,
  type RpcStatus,
} from "../rpc/index.js";
import { peerAttributes, serverAttributes } from "./address.js";
import { isFailure } from "./faults.js";

/** Settings of {@link tracing}. */
export interface TracingOptions {
  /**
   * Where spans go; by default ids are passed on and nothing is recorded. `otelTracer()` of
   * `@wirespan/runtime/interceptors/otel` for OpenTelemetry.
   */
  readonly tracer?: Tracer | undefined;
  /** More attributes for every span, known before it starts, so that samplers see them. None by default. */
  readonly attributes?: ((context: CallContext) => Attributes) | undefined;
}

/**
 * A span for every call, under OpenTelemetry's names. On a server its parent comes from the metadata (W3C Trace
 * Context), and everything the handler does belongs to it; on a client it hangs below what is around the call, and the
 * headers carry it on.
 *
 * @example chain().use(tracing({ tracer: recordingTracer((span) => console.log(span.name)) }))
 */
export function tracing({ tracer = passiveTracer, attributes }: TracingOptions = {}): Interceptor {
  if (tracer === passiveTracer) return passive;
  return createLayer((call) => {
    // servers have read the trace of their callers and clients hand it on, with or without this layer
    if (tracer.enabled?.() === false) return { call };
    const { context, method } = call;
    const outer = ambient();
    const name = method.path.slice(1);
    const span = tracer.start(name, {
      kind: context.side,
      // on a server the surrounding context has read the caller's headers
      parent: outer.trace,
      attributes: {
        "rpc.system.name": "grpc",
        "rpc.method": name,
        ...(context.side === "client" ? serverAttributes(context.peer) : peerAttributes(context.peer)),
        ...attributes?.(context),
      },
    });
    return {
      call: context.side === "client" ? call.change({ metadata: injected(context, span, outer.trace) }) : call,
      // below a span that passes its parent on nothing changes
      ambient: span.trace === outer.trace ? undefined : ambientWith({ trace: span.trace }),
      onEnd: (status) => finish(span, context, status),
    };
  });
}

/** The layer where nothing is recorded: only ids are handed on. */
const passive: Interceptor = createLayer((call) => {
  const { context } = call;
  const outer = ambient().trace;
  const span = passiveTracer.start("", { kind: context.side, parent: outer });
  return {
    call: context.side === "client" ? call.change({ metadata: injected(context, span, outer) }) : call,
    ambient: ambientWith({ trace: span.trace }),
  };
});

function finish(span: Span, context: CallContext, status: RpcStatus): void {
  const code = codeName(status.code);
  const failed = isFailure(context.side, status.code);
  span.set(failed ? { "rpc.response.status_code": code, "error.type": code } : { "rpc.response.status_code": code });
  span.end(failed ? errorOfStatus(status) : undefined);
}

/** The metadata with the span's headers, in place of those that the surrounding trace has put there. */
function injected(context: CallContext, span: Span, outer: TraceContext | undefined): Metadata {
  const metadata = context.metadata.clone();
  metadata.delete("tracestate");
  if (outer?.baggage !== undefined && metadata.get("baggage") === outer.baggage) metadata.delete("baggage");
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
