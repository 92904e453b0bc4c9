import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials, ServerCredentials } from "@grpc/grpc-js";
import { afterEach, describe, expect, test } from "vitest";
import {
  Code,
  createServiceClient,
  implementService,
  type ServiceRegistry,
  type Transport,
} from "../../../src/runtime/rpc/index.js";
import { createConnectTransport } from "../../../src/runtime/transports/connect.js";
import { createGrpcJsServer, createGrpcJsTransport } from "../../../src/runtime/transports/grpc-js.js";
import { createHttp2Server, createHttp2Transport } from "../../../src/runtime/transports/http2.js";
import { createMemoryTransport } from "../../../src/runtime/transports/memory.js";
import { createAuthority, type Issued } from "../../support/certificates.js";
import { capabilities, type Capability } from "./capabilities.js";
import { collect, Echo, echo, rejection, within, type EchoClient, type EchoHandler } from "./echo.js";

const authority = createAuthority("one");
const other = createAuthority("two");

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** What one side is told, in the words of no transport. */
interface Side {
  readonly tls?: Issued | "anonymous" | undefined;
  /** A server that lets in only who shows a certificate. */
  readonly mutual?: boolean | undefined;
  readonly maxReceiveBytes?: number | undefined;
  readonly maxSendBytes?: number | undefined;
  readonly compress?: boolean | undefined;
}

type Server = ServiceRegistry & {
  listen(address: string): Promise<{ readonly address: string }>;
  close(withinMs?: number): Promise<void>;
};

interface Kit {
  readonly server: (side: Side) => Server;
  readonly transport: (target: string, side: Side) => Transport;
}

const limitsOf = ({ maxReceiveBytes, maxSendBytes }: Side): object => ({ maxReceiveBytes, maxSendBytes });
const pem = (tls: Side["tls"]): Partial<Issued> => (typeof tls === "object" ? tls : {});
const buffer = (text: string | undefined): Buffer | undefined => (text === undefined ? undefined : Buffer.from(text));

function nodeOptions(target: string, side: Side): { target: string; tls?: object; compression?: "gzip" } {
  return {
    target,
    ...limitsOf(side),
    ...(side.tls === undefined ? {} : { tls: { ca: authority.ca, ...pem(side.tls) } }),
    ...(side.compress === true ? { compression: "gzip" } : {}),
  };
}

function http2Server(side: Side): Server {
  const mutual = side.mutual === true ? { ca: authority.ca, requestCert: true } : {};
  return createHttp2Server({
    ...limitsOf(side),
    ...(side.tls === undefined ? {} : { tls: { ...pem(side.tls), ...mutual } }),
    ...(side.compress === true ? { compression: "gzip" } : {}),
  });
}

const kits: Readonly<Record<"http2" | "connect" | "grpc-js", Kit>> = {
  http2: { server: http2Server, transport: (target, side) => createHttp2Transport(nodeOptions(target, side)) },
  connect: { server: http2Server, transport: (target, side) => createConnectTransport(nodeOptions(target, side)) },
  "grpc-js": {
    server(side) {
      const { key = "", cert = "" } = pem(side.tls);
      const pair = { private_key: Buffer.from(key), cert_chain: Buffer.from(cert) };
      const secure = (): ServerCredentials =>
        ServerCredentials.createSsl(Buffer.from(authority.ca), [pair], side.mutual === true);
      return createGrpcJsServer({ ...limitsOf(side), ...(side.tls === undefined ? {} : { credentials: secure() }) });
    },
    transport(address, side) {
      const { key, cert } = pem(side.tls);
      const secure = { credentials: credentials.createSsl(Buffer.from(authority.ca), buffer(key), buffer(cert)) };
      return createGrpcJsTransport(address, {
        ...limitsOf(side),
        ...(side.tls === undefined ? {} : secure),
        ...(side.compress === true ? { channelOptions: { "grpc.default_compression_algorithm": 2 } } : {}),
      });
    },
  },
};

/** Counts what passes between two sides. */
async function proxy(
  target: string,
): Promise<{ readonly address: string; readonly up: number; readonly down: number }> {
  const counted = { address: "", up: 0, down: 0 };
  const server = createServer((client) => {
    const [host = "", port = ""] = target.split(":");
    const further = connect(Number(port), host);
    client.on("data", (bytes) => (counted.up += bytes.length)).pipe(further);
    further.on("data", (bytes) => (counted.down += bytes.length)).pipe(client);
    client.on("error", () => further.destroy());
    further.on("error", () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => server.close());
  counted.address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return counted;
}

async function serve(kit: Kit, side: Side, handler: EchoHandler = echo): Promise<string> {
  const server = kit.server(side);
  server.register(Echo, implementService(Echo, handler));
  closers.push(() => server.close(0));
  return (await server.listen("127.0.0.1:0")).address;
}

function dial(kit: Kit, target: string, side: Side): EchoClient {
  const transport = kit.transport(target, side);
  closers.push(() => transport.close(0));
  return createServiceClient<EchoClient>(Echo, transport);
}

const own = authority.issue("127.0.0.1");
const large = { text: "x".repeat(5_000) };
const small = { text: "x".repeat(100) };

/** How each capability is shown of a transport that goes over a wire. */
const shown: Readonly<Record<Capability, (kit: Kit) => Promise<void>>> = {
  async "bidi streams"(kit) {
    const client = dial(kit, await serve(kit, {}), {});
    expect(await collect(client.chat([small, large]))).toMatchObject([small, large]);
  },
  async "client compresses"(kit) {
    const counted = await proxy(await serve(kit, {}));
    const client = dial(kit, counted.address, { compress: true });
    const text = "x".repeat(100_000);
    expect(await client.say({ text })).toMatchObject({ text });
    expect(counted.up).toBeLessThan(10_000);
  },
  async "server compresses"(kit) {
    const counted = await proxy(await serve(kit, { compress: true }));
    const text = "x".repeat(100_000);
    expect(await dial(kit, counted.address, {}).say({ text })).toMatchObject({ text });
    expect(counted.up).toBeGreaterThan(100_000);
    expect(counted.down).toBeLessThan(10_000);
  },
  async "size limits"(kit) {
    const exhausted = { code: Code.RESOURCE_EXHAUSTED };
    for (const where of ["client", "server"] as const) {
      for (const limit of ["maxReceiveBytes", "maxSendBytes"] as const) {
        const sides = { client: {}, server: {}, [where]: { [limit]: 1_000 } };
        // only the direction that is limited carries what is too large
        const request = (where === "client") === (limit === "maxSendBytes");
        const handler: EchoHandler = { ...echo, say: ({ text }) => (request ? small : { text: text.repeat(50) }) };
        const client = dial(kit, await serve(kit, sides.server, handler), sides.client);
        const refused = await rejection(client.say(request ? large : small));
        expect(refused, `${where}, ${limit}`).toMatchObject(exhausted);
        // and nothing but what is too large is refused
        const fits = request ? small : { text: "x" };
        expect((await client.say(fits)).text.length, `${where}, ${limit}`).toBeLessThan(1_000);
      }
    }
  },
  async TLS(kit) {
    const address = await serve(kit, { tls: own });
    expect(await dial(kit, address, { tls: "anonymous" }).say(small)).toMatchObject(small);
    // neither side goes on without
    expect(await within(5_000, rejection(dial(kit, address, {}).say({}, { timeoutMs: 3_000 })))).toBeDefined();
    const strange = await serve(kit, { tls: other.issue("127.0.0.1") });
    const client = dial(kit, strange, { tls: "anonymous" });
    expect(await within(5_000, rejection(client.say({})))).toMatchObject({ code: Code.UNAVAILABLE });
  },
  async mTLS(kit) {
    const address = await serve(kit, { tls: own, mutual: true });
    const known = dial(kit, address, { tls: authority.issue("billing") });
    expect(await known.say(small)).toMatchObject(small);
    for (const tls of ["anonymous", other.issue("billing")] as const) {
      const error = await within(5_000, rejection(dial(kit, address, { tls }).say({})));
      expect(error).toMatchObject({ code: Code.UNAVAILABLE });
    }
  },
  async "certificates reloaded"(kit) {
    const folder = mkdtempSync(join(tmpdir(), "wirespan-capabilities-"));
    closers.push(() => rmSync(folder, { recursive: true }));
    const paths = { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
    const write = ({ cert, key }: Issued): void => {
      writeFileSync(paths.cert, cert);
      writeFileSync(paths.key, key);
    };
    write(other.issue("127.0.0.1"));
    const server = kit.server({ tls: paths });
    server.register(Echo, implementService(Echo, echo));
    closers.push(() => server.close(0));
    const { address } = await server.listen("127.0.0.1:0");
    expect(await rejection(dial(kit, address, { tls: "anonymous" }).say({}))).toMatchObject({ code: Code.UNAVAILABLE });
    write(own);
    (server as ReturnType<typeof createHttp2Server>).reloadTls();
    expect(await dial(kit, address, { tls: "anonymous" }).say(small)).toMatchObject(small);
  },
  async "client certificate told"(kit) {
    const handler: EchoHandler = {
      ...echo,
      say: (_, { peerCertificate }) => ({ text: peerCertificate?.subject ?? "" }),
    };
    const address = await serve(kit, { tls: own, mutual: true }, handler);
    expect(await dial(kit, address, { tls: authority.issue("billing") }).say({})).toMatchObject({ text: "CN=billing" });
  },
};

const all = Object.keys(shown) as Capability[];

describe.each(Object.keys(capabilities) as (keyof typeof capabilities)[])("M16, M63: %s", (id) => {
  test.each(all)("M16, M63: %s", async (capability) => {
    const declared = capabilities[id][capability];
    if (declared !== true) {
      const page = readFileSync(new URL(`../../../docs/transports/${id}.md`, import.meta.url), "utf8");
      expect(page.replaceAll(/\s+/g, " ")).toContain(declared);
    } else if (id === "memory") {
      const transport = createMemoryTransport();
      transport.register(Echo, implementService(Echo, echo));
      closers.push(() => transport.close(0));
      const client = createServiceClient<EchoClient>(Echo, transport);
      expect(await collect(client.chat([small, large]))).toMatchObject([small, large]);
    } else {
      await shown[capability](kits[id]);
    }
  });
});

test("M16, M63: no transport can do less than it could", () => {
  const can = (id: keyof typeof capabilities): Capability[] => all.filter((one) => capabilities[id][one] === true);
  expect(can("memory")).toEqual(["bidi streams"]);
  expect(can("http2")).toEqual(all);
  expect(can("connect")).toEqual(all);
  const rest = ["size limits", "TLS", "mTLS", "client certificate told"];
  expect(can("grpc-js")).toEqual(["bidi streams", "client compresses", ...rest]);
});

test("M16, M63: the table in the documentation is the declared one", () => {
  const page = readFileSync(new URL("../../../docs/transports/README.md", import.meta.url), "utf8");
  const cells = page
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  const ids = Object.keys(capabilities) as (keyof typeof capabilities)[];
  const rows = all.map((one) => [one, ...ids.map((id) => (capabilities[id][one] === true ? "yes" : "–"))]);
  expect(cells.filter((_, i) => i !== 1)).toEqual([["", ...ids], ...rows]);
});
