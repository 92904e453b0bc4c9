import type { PayloadType } from "../wire/index.js";

/** What the contract says about the reply to a request. Emitted as data. */
export interface ReplyInfo<R, RInit = R> {
  readonly message: PayloadType<R, RInit>;
  readonly contentType: string;
  /** Static reply address; else an inbox of the requester. */
  readonly address?: string;
  /** Runtime expression where the request carries the address of its reply; the header `x-reply-to` by default. */
  readonly replyTo?: string;
  /** Runtime expression where request and reply carry what ties them together; `x-correlation-id` by default. */
  readonly correlationId?: string;
}
