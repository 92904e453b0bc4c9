import { expect, test } from "vitest";
import { run } from "../../conformance/reflection/index.js";

test(
  "M1: buf curl calls all kinds of methods and knows the contract by reflection alone",
  { timeout: 60_000 },
  async () => {
    const part = "http2, buf curl";
    expect(await run([part])).toEqual({ [part]: { passed: 8, failed: [], known: [] } });
  },
);
