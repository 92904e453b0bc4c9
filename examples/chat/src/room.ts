import { createChannelServer, wsSocket } from "@wirespan/runtime/channels/ws";
import { connectRoom, serveRoom, type Line, type LineInit } from "./gen/chat.events.js";

/** A room that passes on what anybody in it says. */
export interface Room {
  readonly url: string;
  close(): Promise<void>;
}

/** Opens a room on a free port. What does not fit the contract ends the connection that sent it. */
export async function openRoom(): Promise<Room> {
  const server = await createChannelServer({ host: "127.0.0.1", port: 0, maxMessageBytes: 16 * 1024 });
  const room = serveRoom(server, async (guest) => {
    for await (const line of guest) {
      // a guest who is slow or gone does not hold up the others
      for (const other of room.connections) other.send(line).catch(() => {});
    }
  });
  return { url: `ws://127.0.0.1:${server.port}`, close: () => server.close() };
}

/** Somebody in a room. */
export interface Guest {
  say(line: LineInit): Promise<void>;
  leave(): Promise<unknown>;
}

export async function enterRoom(url: string, hear: (line: Line) => void): Promise<Guest> {
  const room = await connectRoom(url, { socket: wsSocket });
  void (async () => {
    for await (const line of room) hear(line);
  })();
  return { say: (line) => room.send(line), leave: () => room.close() };
}
