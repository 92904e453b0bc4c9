import { describe, expect, test } from "vitest";
import { collectBody, readLines } from "../../../src/runtime/gateway/body.js";
import { heldBytes } from "../../support/memory.js";

const pieces = 200_000;

/** A body byte by byte, each in memory of its own; `held` is what all of it takes in the end. */
function trickle(last: string): { body: AsyncIterable<Uint8Array>; held: () => number } {
  let held = 0;
  async function* body(): AsyncGenerator<Uint8Array> {
    const before = heldBytes();
    for (let i = 0; i < pieces; i++) yield Uint8Array.of(0x78);
    held = heldBytes() - before;
    yield new TextEncoder().encode(last);
  }
  return { body: body(), held: () => held };
}

describe("M8: a body that comes byte by byte takes its bytes, not an object for each", () => {
  test("M8: a whole one", async () => {
    const { body, held } = trickle("end");
    const all = await collectBody(body, pieces + 3, Number.NaN);
    expect(new TextDecoder().decode(all)).toBe(`${"x".repeat(pieces)}end`);
    expect(held()).toBeLessThan(3 * pieces);
  });

  test("M8: a line of several", async () => {
    const { body, held } = trickle("\nsecond");
    const lines: string[] = [];
    for await (const line of readLines(body, pieces)) lines.push(line);
    expect(lines).toEqual(["x".repeat(pieces), "second"]);
    expect(held()).toBeLessThan(3 * pieces);
  });

  test("M8: one byte above the limit is refused", async () => {
    await expect(collectBody(trickle("end").body, pieces + 2, Number.NaN)).rejects.toMatchObject({ status: 413 });
    await expect(readLines(trickle("").body, pieces - 1).next()).rejects.toMatchObject({ status: 413 });
  });
});
