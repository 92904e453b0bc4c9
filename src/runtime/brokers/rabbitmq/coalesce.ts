import { Socket } from "node:net";
import type { ChannelModel } from "amqplib";

/** Bytes that a socket takes before its writer has to wait: those of one turn, mostly. */
export const socketBufferBytes = 262_144;

/**
 * Has everything that the client writes in one turn of the event loop go out in one call of the system. By itself it makes
 * one for each message, which costs more than the message does. Without effect where the client keeps no such socket.
 */
export function coalesceWrites(model: ChannelModel): void {
  const { connection } = model;
  const socket: unknown = "stream" in connection ? connection.stream : undefined;
  if (!(socket instanceof Socket)) return;
  const write: (chunk: Uint8Array | string) => boolean = socket.write.bind(socket);
  let corked = false;
  const flush = (): void => {
    corked = false;
    socket.uncork();
  };
  // the client gives it buffers, and nothing beside them
  socket.write = (chunk: Uint8Array | string): boolean => {
    if (!corked) {
      corked = true;
      socket.cork();
      setImmediate(flush);
    }
    return write(chunk);
  };
}
