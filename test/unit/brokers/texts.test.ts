import { describe, expect, test } from "vitest";
import { frequentText } from "../../../src/runtime/brokers/shared/texts.js";

describe("texts that come again", () => {
  test("are what their bytes say, whatever else has their place", () => {
    // more than there are places, of all lengths, with the same ends
    const texts = Array.from({ length: 2_000 }, (_, n) => `a${"é".repeat(n % 40)}${n}z`);
    for (let round = 0; round < 2; round++) {
      for (const text of texts) expect(frequentText(Buffer.from(text))).toBe(text);
    }
    expect(frequentText(Buffer.alloc(0))).toBe("");
    expect(frequentText(Buffer.from([0x61, 0xff]))).toBe("a\ufffd");
  });

  test("keep nothing of the memory that they were read from", () => {
    const received = Buffer.from("x-tenant");
    expect(frequentText(received)).toBe("x-tenant");
    received.write("E", 3);
    expect(frequentText(received)).toBe("x-tEnant");
    expect(frequentText(Buffer.from("x-tenant"))).toBe("x-tenant");
  });
});
