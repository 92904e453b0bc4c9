// Two people talk in a room, over WebSocket, with types and validators from contracts/chat.asyncapi.yaml.
import { enterRoom, openRoom } from "./room.js";

const room = await openRoom();
const lines: string[] = [];
let complete = (): void => {};
const done = new Promise<void>((resolve) => (complete = resolve));

const ada = await enterRoom(room.url, ({ author, text }) => {
  lines.push(`${author}: ${text}`);
  if (lines.length === 3) complete();
});
const charles = await enterRoom(room.url, ({ author, text }) => {
  if (author === "Ada" && text.endsWith("?")) charles.say({ author: "Charles", text: "Four. The engine is sure." });
});

ada.say({ author: "Ada", text: "Good evening." });
ada.say({ author: "Ada", text: "What is two and two?" });
await done;
console.log(lines.join("\n"));

ada.leave();
charles.leave();
await room.close();
