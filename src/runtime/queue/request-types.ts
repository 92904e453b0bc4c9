import type { PayloadType } from "../wire/index.js";

/** What the contract says about the reply to a channel's messages. Emitted as data. */
export interface ReplyInfo<R, RInit = R> {
  /** Of several messages: a union made by `messageUnion`. */
  readonly message: PayloadType<R, RInit>;
  readonly contentType: string;
  /** The contract's own address for replies; absent where each requester says where it awaits them. */
  readonly address?: string;
  /** Where a request says so, `$message.header#/replyTo`; in the header `x-reply-to` when absent. */
  readonly replyTo?: string;
  /** What ties a reply to its request, `$message.header#/correlationId`; the header `x-correlation-id` when absent. */
  readonly correlationId?: string;
}
