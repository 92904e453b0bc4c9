import type { AddressInfo } from "node:net";
import { WebSocket, WebSocketServer, type RawData } from "ws";
import { Line, type LineInit } from "./gen/chat.events.js";

/** A room that passes on what anybody in it says. */
export interface Room {
  readonly url: string;
  close(): Promise<void>;
}

/** Opens a room on a free port. What does not fit the contract ends the connection that sent it. */
export async function openRoom(): Promise<Room> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, path: "/room", maxPayload: 16 * 1024 });
  server.on("connection", (socket) => {
    socket.on("message", (data) => {
      const line = parseLine(data);
      if (line === undefined) return socket.close(1007, "not a Line");
      const text = Line.toJsonString(line);
      for (const client of server.clients) if (client.readyState === WebSocket.OPEN) client.send(text);
    });
  });
  await new Promise((resolve) => server.once("listening", resolve));
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/room`,
    async close() {
      for (const client of server.clients) client.close(1001);
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Somebody in a room. */
export interface Guest {
  say(line: LineInit): void;
  leave(): void;
}

export async function enterRoom(url: string, hear: (line: Line) => void): Promise<Guest> {
  const socket = new WebSocket(url);
  socket.on("message", (data) => {
    const line = parseLine(data);
    if (line !== undefined) hear(line);
  });
  await new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  return {
    say: (line) => socket.send(Line.toJsonString(line)),
    leave: () => socket.close(1000),
  };
}

/** The generated validator decides. */
function parseLine(data: RawData): Line | undefined {
  try {
    return Line.fromJsonString(String(data));
  } catch {
    return undefined;
  }
}
