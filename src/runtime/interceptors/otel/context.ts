import { createTraceState, TraceFlags, type SpanContext } from "@opentelemetry/api";
import type { TraceContext } from "../../context/index.js";

/** A position as OpenTelemetry has it, with a parent in another process. */
export function spanContextOf({ traceId, spanId, sampled, state }: TraceContext): SpanContext {
  return {
    traceId,
    spanId,
    traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
    ...(state === undefined ? {} : { traceState: createTraceState(state) }),
  };
}

/** A position of OpenTelemetry's as what goes into headers. */
export function traceContextOf(own: SpanContext, baggage: string | undefined): TraceContext {
  const state = own.traceState?.serialize();
  return {
    traceId: own.traceId,
    spanId: own.spanId,
    sampled: (own.traceFlags & TraceFlags.SAMPLED) !== 0,
    state: state === "" ? undefined : state,
    baggage,
  };
}
