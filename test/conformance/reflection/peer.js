// A server with health and reflection and one method of each kind.
import { healthDescriptors, registerReflection } from "@wirespan/runtime/services/reflection";
import { createHealth } from "@wirespan/runtime/services/health";
import { echoDescriptors } from "emitted/echo.desc.js";
import { Echo, registerEcho } from "emitted/echo.rpc.js";
import { transports } from "../transports.js";

/** Gives the port and what ends it. */
export async function serve(transport) {
  const server = transports[transport].createServer({});
  registerEcho(server, {
    say: (note) => note,
    async *split({ text }) {
      for (const [count, part] of text.split(" ").entries()) yield { text: part, count };
    },
    async join(notes) {
      const texts = [];
      for await (const { text } of notes) texts.push(text);
      return { text: texts.join(" "), count: texts.length };
    },
    async *chat(notes) {
      for await (const note of notes) yield note;
    },
  });
  createHealth([Echo]).register(server);
  registerReflection(server, [echoDescriptors, healthDescriptors]);
  const { port } = await server.listen("127.0.0.1:0");
  return { port, close: () => server.close(0) };
}
