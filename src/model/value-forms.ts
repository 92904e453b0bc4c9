/** What 64-bit integers may be in programs. */
export const int64Forms = ["bigint", "number", "string"] as const;

/** What fields of type `google.protobuf.Timestamp` may be in programs. */
export const timestampForms = ["message", "date", "string"] as const;

/** What enum values may be in programs. */
export const enumForms = ["const", "string"] as const;

/** How values whose contract type has no one counterpart in TypeScript stand in programs; bytes and JSON never differ. */
export interface ValueForms {
  /** 64-bit fields without `jstype`. */
  readonly int64: (typeof int64Forms)[number];
  readonly timestamp: (typeof timestampForms)[number];
  readonly enums: (typeof enumForms)[number];
}

/** The lossless forms, which no setting changes in the runtime's own messages. */
export const defaultForms: ValueForms = { int64: "bigint", timestamp: "message", enums: "const" };
