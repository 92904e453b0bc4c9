// Two people talk in a room, over WebSocket; client and server are emitted from contracts/chat.asyncapi.yaml.
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
  if (author === "Ada" && text.endsWith("?")) {
    void charles.say({ author: "Charles", text: "Four. The engine is sure." });
  }
});

await ada.say({ author: "Ada", text: "Good evening." });
await ada.say({ author: "Ada", text: "What is two and two?" });
await done;
console.log(lines.join("\n"));

await ada.leave();
await charles.leave();
await room.close();
