import type { Origin } from "./origin.js";

/** One HTTP binding of a method, parsed and checked against the request message. */
export interface Route {
  /** Upper case; `*` for a custom kind that takes any verb. */
  readonly verb: string;
  readonly path: PathTemplate;
  /** `*`: the whole message; a field's proto name: that field; undefined: no body. */
  readonly body: string | undefined;
  /** The proto name of the response field that is the body; undefined: the whole message. */
  readonly responseBody: string | undefined;
  readonly origin: Origin;
}

/** `/v1/{name=shelves/*}/books:move` as data. */
export interface PathTemplate {
  /** As written. */
  readonly source: string;
  readonly segments: readonly PathSegment[];
  readonly variables: readonly PathVariable[];
  /** The custom verb after the last `:`, without it. */
  readonly customVerb: string | undefined;
}

export type PathSegment =
  | { readonly kind: "literal"; readonly value: string }
  /** `*`: exactly one segment. */
  | { readonly kind: "one" }
  /** `**`: zero or more segments. */
  | { readonly kind: "rest" };

export interface PathVariable {
  /** Proto field names from the request message down: `["user", "id"]`. */
  readonly field: readonly string[];
  /** Its segments: from `start` up to, not including, `end`. */
  readonly start: number;
  readonly end: number;
}
