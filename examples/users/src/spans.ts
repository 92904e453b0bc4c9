import { recordingTracer, type SpanRecord, type Tracer } from "@wirespan/runtime/context";

/** A finished span and the program it belongs to; plain, so that processes can send it to each other. */
export interface ProgramSpan {
  readonly program: string;
  readonly name: string;
  readonly kind: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | undefined;
  readonly startedAt: number;
  readonly durationMs: number;
  readonly status: string;
}

/** A tracer that reports every span of one program. */
export function programTracer(program: string, onSpan: (span: ProgramSpan) => void): Tracer {
  return recordingTracer((span) => onSpan(toProgramSpan(program, span)));
}

function toProgramSpan(program: string, span: SpanRecord): ProgramSpan {
  const { attributes, error } = span;
  const status = attributes["http.response.status_code"] ?? attributes["rpc.response.status_code"] ?? "";
  return {
    program,
    name: span.name,
    kind: span.kind,
    traceId: span.trace.traceId,
    spanId: span.trace.spanId,
    parentId: span.parent?.spanId ?? span.links[0]?.spanId,
    startedAt: span.startedAt,
    durationMs: span.durationMs,
    status: status !== "" ? String(status) : error === undefined ? "ok" : "failed",
  };
}

/** One trace as a tree, a line a span: what called what, where, how it ended and how long it took. */
export function printTrace(spans: readonly ProgramSpan[]): string {
  const rows: { readonly left: string; readonly span: ProgramSpan }[] = [];
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const visit = (span: ProgramSpan, indent: string, last: boolean, root: boolean): void => {
    rows.push({ left: `${indent}${root ? "" : last ? "└─ " : "├─ "}${span.kind} ${span.name}`, span });
    const children = spans.filter(({ parentId }) => parentId === span.spanId).sort(byStart);
    const deeper = root ? indent : `${indent}${last ? "   " : "│  "}`;
    children.forEach((child, i) => visit(child, deeper, i === children.length - 1, false));
  };
  spans
    .filter(({ parentId }) => parentId === undefined || !ids.has(parentId))
    .sort(byStart)
    .forEach((span) => visit(span, "  ", true, true));
  const width = Math.max(...rows.map(({ left }) => left.length));
  const programWidth = Math.max(...rows.map(({ span }) => span.program.length));
  const lines = rows.map(({ left, span }) => {
    const took = `${span.durationMs.toFixed(1)} ms`.padStart(9);
    return `${left.padEnd(width)}  ${span.program.padEnd(programWidth)}  ${span.status.padEnd(4)} ${took}`;
  });
  return [`trace ${spans[0]?.traceId ?? ""}`, ...lines].join("\n");
}

function byStart(a: ProgramSpan, b: ProgramSpan): number {
  return a.startedAt - b.startedAt;
}
