import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const runtime = fileURLToPath(new URL("./src/runtime/", import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@wirespan\/runtime\/gateway\/fastify$/, replacement: `${runtime}gateway/fastify.ts` },
      {
        find: /^@wirespan\/runtime\/(transports|brokers|channels|services|interceptors)\/([a-z-]+)$/,
        replacement: `${runtime}$1/$2.ts`,
      },
      { find: /^@wirespan\/runtime\/validate\/([a-z0-9]+)$/, replacement: `${runtime}validate/$1/index.ts` },
      { find: /^@wirespan\/runtime\/([a-z]+)$/, replacement: `${runtime}$1/index.ts` },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/global-setup.ts"],
    testTimeout: 20_000,
    // files share processes: starting one for each takes longer than most of them; much of the rest is waiting
    pool: "forks",
    isolate: false,
    maxWorkers: 3,
  },
});
