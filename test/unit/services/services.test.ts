import { afterEach, expect, test, vi } from "vitest";
import { provideService } from "../../support/services.js";
import type { OwnServer, ServiceKind } from "../../support/services/kind.js";

let ids = 0;

/** A kind that nothing else of this run has asked for. */
function kindOf(changes: Partial<ServiceKind>): ServiceKind {
  const id = `fake-${process.pid}-${ids++}`;
  return {
    id,
    title: "Fake",
    variables: [`WIRESPAN_TEST_${id}`],
    defaultUrl: "fake://default",
    packages: ["fake"],
    probe: () => Promise.reject(new Error("nobody listens")),
    findBinary: () => undefined,
    start: () => Promise.reject(new Error("cannot start")),
    ...changes,
  };
}

const server: OwnServer = {
  url: "fake://user:secret@started",
  version: "3",
  kill: async () => {},
  restart: async () => {},
  stop: async () => {},
};

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

test("an address of the environment comes first, then a listening server, then the installed one", async () => {
  const told = vi.spyOn(console, "info").mockImplementation(() => {});
  const given = kindOf({ probe: async () => "1" });
  vi.stubEnv(given.variables[0] ?? "", "fake://given");
  expect(await provideService(given)).toMatchObject({ origin: "environment", url: "fake://given", version: "1" });
  expect(await provideService(kindOf({ probe: async () => "2" }))).toMatchObject({
    origin: "listening",
    url: "fake://default",
  });
  const installed = kindOf({ findBinary: () => "/bin/fake", start: async () => server });
  expect(await provideService(installed)).toMatchObject({ origin: "installed", version: "3" });
  // asked again: the same server, no second line, no password in any
  expect(await provideService(installed)).toMatchObject({ url: server.url });
  expect(told.mock.calls.flat()).toEqual([
    "Fake 1 (from the environment) at fake://given",
    "Fake 2 (already listening) at fake://default",
    "Fake 3 (installed, started for this run) at fake://started",
  ]);
});

test("a given address that does not answer is an error, not a reason to use another", async () => {
  const kind = kindOf({ findBinary: () => "/bin/fake", start: async () => server });
  vi.stubEnv(kind.variables[0] ?? "", "fake://gone");
  await expect(provideService(kind)).rejects.toThrow("nobody listens");
});

test("where none can be had, one line says so; under CI it is a failure", async () => {
  vi.stubEnv("WIRESPAN_OFFLINE", "1");
  vi.stubEnv("CI", "");
  const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
  const kind = kindOf({});
  expect(await provideService(kind)).toBeUndefined();
  expect(warned.mock.calls).toEqual([
    ["skipped: tests on Fake: not installed, and WIRESPAN_OFFLINE=1 forbids to fetch it"],
  ]);
  vi.stubEnv("CI", "true");
  await expect(provideService(kind)).rejects.toThrow("Fake: not installed");
});
