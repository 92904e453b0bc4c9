import { expect, test } from "vitest";
import { goIsMissing } from "../../conformance/go.js";
import { run } from "../../conformance/grpc-interop/index.js";

const absent = goIsMissing();
if (absent !== undefined) {
  if (process.env["CI"] === "true") throw new Error(absent);
  console.warn(`skipped: the interop programs of grpc-go: ${absent}`);
}

// the first run builds the programs
const timeout = 300_000;

test.skipIf(absent !== undefined).each(["http2", "grpc-js"])(
  "M1, M18: the interop programs of grpc-go, both ways, %s",
  { timeout },
  async (transport) => {
    const parts = [`${transport}, plain, their client, our server`, `${transport}, plain, our client, their server`];
    const result = await run(parts);
    for (const part of parts) expect(result[part], part).toEqual({ passed: 15, failed: [], known: [] });
  },
);
