export {
  activateWith,
  ambient,
  ambientOf,
  ambientWith,
  bindIterable,
  captureContext,
  iterateWithAmbient,
  withAmbient,
} from "./ambient.js";
export type { Activation, Ambient, AmbientMetadata } from "./ambient.js";
export { sleep, systemClock } from "./clock.js";
export type { Clock, Random } from "./clock.js";
export { holdProcess } from "./hold.js";
export { jsonLogger } from "./logger.js";
export type { Logger, LogLevel } from "./logger.js";
export type { Counter, Histogram, InstrumentOptions, Meter } from "./meter.js";
export { childTrace, formatTraceparent, parseTrace, passiveTracer, recordingTracer, traceHeaders } from "./trace.js";
export type { Attributes, Span, SpanKind, SpanOptions, SpanRecord, TraceContext, Tracer } from "./trace.js";
export { randomUuid } from "./uuid.js";
