import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHash } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { fetchFrom } from "../../support/protoc.js";

test("protoc is fetched without Maven, and only what its checksum says", async () => {
  const program = Buffer.from("#!/bin/sh\n");
  const sums = new Map([
    ["1.0", createHash("sha1").update(program).digest("hex")],
    ["2.0", "0".repeat(40)],
  ]);
  const server = createServer(({ url = "" }, response) => {
    const [, version = ""] =
      /^\/m2\/com\/google\/protobuf\/protoc\/([\d.]+)\/protoc-\1-any\.exe(?:\.sha1)?$/.exec(url) ?? [];
    const sum = sums.get(version);
    response.statusCode = sum === undefined ? 404 : 200;
    response.end(url.endsWith(".sha1") ? `${sum ?? ""}\n` : program);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const work = mkdtempSync(join(tmpdir(), "wirespan-provide-"));
  onTestFinished(() => {
    server.close();
    rmSync(work, { recursive: true, force: true });
  });
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/m2`;
  await expect(fetchFrom(base, "2.0", "any", work)).rejects.toThrow("protoc-2.0-any.exe has another SHA-1");
  await expect(fetchFrom(base, "3.0", "any", work)).rejects.toThrow("status 404");
  expect(readdirSync(work)).toEqual([]);
  await fetchFrom(base, "1.0", "any", work);
  expect(readFileSync(join(work, "protoc-1.0-any.exe"))).toEqual(program);
});
