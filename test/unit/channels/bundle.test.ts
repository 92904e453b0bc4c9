import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));

test("M28: a client runs in browsers: its bundle has no module of Node and none of the server", async () => {
  const { outputFiles, metafile } = await build({
    stdin: {
      contents: `import { connectRoom } from "./fixtures/events-websocket/expected/chat.events.ts";
        const room = await connectRoom("wss://h", { room: "r" }, { query: { name: "n" } });
        for await (const message of room) console.log(message);`,
      resolveDir: root,
    },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "browser",
    logLevel: "error",
    plugins: [
      {
        name: "runtime",
        setup({ onResolve }) {
          onResolve({ filter: /^@wirespan\/runtime\// }, ({ path }) => ({
            path: `${root}src/runtime/${path.slice("@wirespan/runtime/".length)}/index.ts`,
            // as its package.json says
            sideEffects: false,
          }));
        },
      },
    ],
  });
  const [output] = Object.values(metafile.outputs);
  const files = Object.entries(output?.inputs ?? {}).flatMap(([file, { bytesInOutput }]) =>
    bytesInOutput > 0 ? [file] : [],
  );
  expect(files).toContain("src/runtime/channels/client.ts");
  expect(files.filter((file) => /server\.ts|channels\/ws|grpc|brokers/.test(file))).toEqual([]);
  expect(outputFiles[0]?.text).not.toMatch(/node:(?!events|async_hooks)/);
});
