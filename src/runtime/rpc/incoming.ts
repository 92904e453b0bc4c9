import { errorOfStatus, RpcError } from "./error.js";
import { mapMessages } from "./messages.js";
import { createMetadata, type Metadata } from "./metadata.js";
import { Pipe } from "./pipe.js";
import { failedReply, pendingStatus } from "./replies.js";
import { Code, type RpcStatus } from "./status.js";
import type { MethodInfo, Reply } from "./types.js";

/** A reply that a client transport builds from what comes in. */
export interface IncomingReply<O> {
  /** Settles with the headers, or with a failure before them. Never rejects. */
  readonly reply: Promise<Reply<O>>;
  header(metadata: Metadata): void;
  message(bytes: Uint8Array): void;
  /** Undefined while messages are welcome, else a promise for when they are again. */
  room(): Promise<void> | undefined;
  /** The end. What came in before it can still be read, unless `drop` is set. */
  status(status: RpcStatus, options?: { readonly drop?: boolean }): void;
}

/** What an incoming reply needs from its transport. */
export interface IncomingReplyInit {
  readonly method: MethodInfo;
  /** The reader wants a message and none is there. */
  readonly onWant?: (() => void) | undefined;
  /** The reader left, or cannot go on: the call is to be cancelled. */
  readonly cancel: (reason: RpcError) => void;
}

export function createIncomingReply<O>({ method, onWant, cancel }: IncomingReplyInit): IncomingReply<O> {
  const pipe = new Pipe<Uint8Array>({
    onWant,
    onLeave: () => cancel(new RpcError(Code.CANCELLED, "the reader left")),
  });
  let begin: (reply: Reply<O>) => void = () => {};
  const { done, finish } = pendingStatus();
  const reply = new Promise<Reply<O>>((resolve) => (begin = resolve));
  const decode = (bytes: Uint8Array): O => {
    try {
      // sound because the method's types come from the same contract as the call's
      return method.output.decode(bytes) as O;
    } catch (cause) {
      const error = new RpcError(Code.INTERNAL, `the response is not a valid ${method.output.typeName}`, { cause });
      cancel(error);
      throw error;
    }
  };
  let begun = false;
  let over = false;

  function start(header: Metadata): void {
    if (begun) return;
    begun = true;
    begin({ header, messages: mapMessages(pipe, decode), done, failed: undefined });
  }

  return {
    reply,
    header: start,
    message(bytes) {
      start(createMetadata());
      pipe.write(bytes);
    },
    room: () => pipe.room(),
    status(status, { drop = false } = {}) {
      if (over) return;
      over = true;
      finish(status);
      if (!begun && status.code !== Code.OK) {
        begun = true;
        begin(failedReply(status));
        return;
      }
      start(createMetadata());
      if (drop) pipe.drop();
      pipe.close(status.code === Code.OK ? undefined : { value: errorOfStatus(status) });
    },
  };
}
