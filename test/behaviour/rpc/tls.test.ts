import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import { Code, createServiceClient, implementService } from "../../../src/runtime/rpc/index.js";
import { createConnectTransport, createGrpcWebTransport } from "../../../src/runtime/transports/connect.js";
import {
  createHttp2Server,
  createHttp2Transport,
  type Http2Server,
  type Http2ServerOptions,
  type ConnectionFailure,
  type Http2Transport,
  type Http2TransportOptions,
} from "../../../src/runtime/transports/http2.js";
import { createAuthority, type Issued } from "../../support/certificates.js";
import { createFakeClock } from "../../unit/queue/support.js";
import { Echo, echo, rejection, within, type EchoClient } from "./echo.js";

const authority = createAuthority("one");
const other = createAuthority("two");

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serve(options: Http2ServerOptions): Promise<{ server: Http2Server; port: number }> {
  const server = createHttp2Server(options);
  server.register(Echo, implementService(Echo, echo));
  const { port } = await server.listen("127.0.0.1:0");
  closers.push(() => server.close(0));
  return { server, port };
}

function dial(options: Http2TransportOptions): { client: EchoClient; transport: Http2Transport } {
  const transport = createHttp2Transport(options);
  closers.push(() => transport.close(0));
  return { client: createServiceClient<EchoClient>(Echo, transport), transport };
}

/** The files of a certificate, replaced by `write`. */
function files(first: Issued, ca = authority.ca): { ca: string; cert: string; key: string; write(next: Issued): void } {
  const folder = mkdtempSync(join(tmpdir(), "wirespan-tls-"));
  closers.push(() => rmSync(folder, { recursive: true }));
  const paths = { ca: join(folder, "ca.pem"), cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
  const write = ({ cert, key }: Issued): void => {
    writeFileSync(paths.cert, cert);
    writeFileSync(paths.key, key);
  };
  writeFileSync(paths.ca, ca);
  write(first);
  return { ...paths, write };
}

/** The subject of the certificate that a server shows now. */
async function shownBy(port: number): Promise<string> {
  const socket = connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false, ALPNProtocols: ["h2"] });
  await new Promise((resolve, reject) => socket.once("secureConnect", resolve).once("error", reject));
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return String(subject.CN);
}

/** Lets a look at files come about, which takes real time. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("it did not come about");
}

describe("M63: TLS", () => {
  test("M63: certificates as values; the name of the server is checked, and may be given", async () => {
    const { port } = await serve({ tls: authority.issue("localhost", "127.0.0.1") });
    const tls = { ca: authority.ca };
    for (const target of [`localhost:${port}`, `127.0.0.1:${port}`, `https://127.0.0.1:${port}`]) {
      expect(await dial({ target, tls }).client.say({ text: target })).toMatchObject({ text: target });
    }
    const elsewhere = await serve({ tls: authority.issue("users.internal") });
    const target = `127.0.0.1:${elsewhere.port}`;
    expect(await rejection(dial({ target, tls }).client.say({}))).toMatchObject({
      code: Code.UNAVAILABLE,
      message: expect.stringContaining("altnames") as string,
    });
    const named = dial({ target, tls: { ...tls, servername: "users.internal" } });
    expect(await named.client.say({ text: "a" })).toMatchObject({ text: "a" });
  });

  test("M63: the name that a resolver gives is the one in the certificate, whatever the address", async () => {
    const { port } = await serve({ tls: authority.issue("users.internal") });
    const resolver = { authority: `users.internal:${port}`, resolve: () => [`127.0.0.1:${port}`] };
    const { client } = dial({ target: resolver, tls: { ca: authority.ca } });
    expect(await client.say({ text: "a" })).toMatchObject({ text: "a" });
  });

  test("M63: a server of another authority is not trusted, one that speaks no HTTP/2 not talked to", async () => {
    const { port } = await serve({ tls: other.issue("127.0.0.1") });
    const { client } = dial({ target: `127.0.0.1:${port}`, tls: { ca: authority.ca } });
    expect(await within(2_000, rejection(client.say({})))).toMatchObject({
      code: Code.UNAVAILABLE,
      message: expect.stringContaining("certificate") as string,
    });
    const plain = await serve({});
    const wrong = dial({ target: `127.0.0.1:${plain.port}`, tls: { ca: authority.ca } });
    expect(await within(2_000, rejection(wrong.client.say({})))).toMatchObject({ code: Code.UNAVAILABLE });
  });

  test("M63: a client must show a certificate of the right authority where one is demanded", async () => {
    const server = { ...authority.issue("127.0.0.1"), ca: authority.ca, requestCert: true };
    const { port } = await serve({ tls: server });
    const target = `127.0.0.1:${port}`;
    const tls = { ca: authority.ca };
    const known = dial({ target, tls: { ...tls, ...authority.issue("client") } });
    expect(await known.client.say({ text: "a" })).toMatchObject({ text: "a" });
    for (const none of [{}, other.issue("client")]) {
      const { client } = dial({ target, tls: { ...tls, ...none } });
      expect(await within(2_000, rejection(client.say({})))).toMatchObject({ code: Code.UNAVAILABLE });
    }
  });

  test("M63: why there is no connection is one line that says what to do; the error itself is the cause", async () => {
    const none = `127.0.0.1:${(await serve({ tls: other.issue("127.0.0.1") })).port}`;
    const plain = `127.0.0.1:${(await serve({})).port}`;
    const mutual = { ...authority.issue("127.0.0.1"), ca: authority.ca, requestCert: true };
    const strict = `127.0.0.1:${(await serve({ tls: mutual })).port}`;
    const { server, port } = await serve({});
    await server.close();
    const tls = { ca: authority.ca };
    const cases: readonly (readonly [string, Http2TransportOptions["tls"], RegExp])[] = [
      [
        none,
        tls,
        /^no connection to [^ ]+: the server's certificate is not trusted: unable to verify .*; tls\.ca is for/,
      ],
      [plain, tls, /^no connection to [^ ]+: the server does not speak TLS \(.+\)$/],
      [strict, tls, /^no connection to [^ ]+: the server wants a client certificate: tls\.cert and tls\.key \(.+\)$/],
      [`localhost:${port}`, undefined, /^no connection to [^ ]+: connect ECONNREFUSED [^ ]+/],
    ];
    for (const [target, settings, message] of cases) {
      const transports = [
        createHttp2Transport({ target, tls: settings }),
        createConnectTransport({ target, tls: settings }),
        createConnectTransport({ target, tls: settings, httpVersion: "1.1" }),
        createGrpcWebTransport({ target, tls: settings, httpVersion: "1.1" }),
      ];
      for (const transport of transports) {
        closers.push(() => transport.close(0));
        const client = createServiceClient<EchoClient>(Echo, transport);
        const error = await within(3_000, rejection(client.say({})));
        expect(error).toMatchObject({ code: Code.UNAVAILABLE, cause: expect.any(Error) as Error });
        const text = (error as Error).message;
        // over HTTP/1.1 TLS 1.3 lets a client go on before the server has looked at its certificate
        expect(target === strict ? text.replace("the connection was lost", "no connection to it") : text).toMatch(
          message,
        );
        expect(text).not.toMatch(/[\r\n]|:error:/);
      }
    }
  });

  test("M63: connections that fail can be heard of, with the address of the client and a reason", async () => {
    const heard: ConnectionFailure[] = [];
    const onConnectionFailure = (failure: ConnectionFailure): void => {
      heard.push(failure);
      throw new Error("a logger that fails");
    };
    const mutual = { ...authority.issue("127.0.0.1"), ca: authority.ca, requestCert: true };
    const { port } = await serve({ tls: mutual, onConnectionFailure });
    const target = `127.0.0.1:${port}`;
    const tls = { ca: authority.ca };
    const reasonOf = async (fail: () => Promise<unknown>): Promise<string> => {
      heard.length = 0;
      await fail();
      await until(() => heard.length > 0);
      expect(heard[0]).toMatchObject({
        peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string,
        cause: expect.any(Error) as Error,
      });
      return heard[0]?.reason ?? "";
    };
    const call = (settings: Http2TransportOptions["tls"]) => () =>
      rejection(dial({ target, tls: settings }).client.say({}));
    expect(await reasonOf(call(tls))).toMatch(/^the client shows no certificate \(/);
    expect(await reasonOf(call({ ...tls, ...other.issue("client") }))).toMatch(
      /^the client's certificate is not trusted \([A-Z_]+\)$/,
    );
    expect(await reasonOf(call({ ca: other.ca }))).toMatch(/^the client (broke off the handshake|does not trust)/);
    const say = (to: number, text: string) => () =>
      new Promise((resolve) => {
        const socket = connectTcp(to, "127.0.0.1", () => socket.end(text));
        socket
          .on("close", resolve)
          .on("error", () => {})
          .resume();
      });
    expect(await reasonOf(say(port, "PRI * HTTP/2.0\r\n\r\n"))).toMatch(/^the client does not speak TLS \(/);
    const plain = await serve({ onConnectionFailure });
    expect(await reasonOf(say(plain.port, "no HTTP of any version, but long enough\r\n\r\n"))).toMatch(
      /^what the client says is no HTTP\/2: /,
    );
    // how load balancers look whether somebody listens
    heard.length = 0;
    await say(port, "")();
    expect(
      await dial({ target, tls: { ...tls, ...authority.issue("client") } }).client.say({ text: "a" }),
    ).toMatchObject({
      text: "a",
    });
    expect(heard).toEqual([]);
  });

  test("M63: half a configuration is refused, not served", () => {
    const { cert, key } = authority.issue("a");
    const server = (tls: object) => () => createHttp2Server({ tls });
    expect(server({})).toThrow(new TypeError("tls of a server needs cert and key; leave tls out for plain text"));
    expect(server({ cert })).toThrow(new TypeError("tls has a cert and no key: give both, or neither"));
    expect(server({ cert, key, requestCert: true })).toThrow(/^tls\.requestCert needs tls\.ca/);
    for (const target of ["localhost:1", "https://localhost"]) {
      expect(() => createHttp2Transport({ target, tls: { cert } })).toThrow(/^tls has a cert and no key/);
      expect(() => createConnectTransport({ target, tls: { key }, httpVersion: "1.1" })).toThrow(
        /^tls has a key and no cert/,
      );
    }
    // who looks at certificates in the handler needs no authorities
    const { ca } = authority;
    for (const more of [{ requestCert: true, rejectUnauthorized: false }, { requestCert: true, ca }, {}]) {
      const fine = createHttp2Server({ tls: { cert, key, ...more } });
      closers.push(() => fine.close(0));
    }
  });

  test("M63: both sides agree on h2 by ALPN", async () => {
    const { port } = await serve({ tls: authority.issue("localhost") });
    const session = connectHttp2(`https://localhost:${port}`, { ca: authority.ca });
    closers.push(() => session.destroy());
    await new Promise((resolve) => session.once("connect", resolve));
    expect((session.socket as TLSSocket).alpnProtocol).toBe("h2");
  });

  test("M63: what cannot be read, and what does not fit together, is said at once", () => {
    const { cert } = authority.issue("a");
    const { key } = authority.issue("b");
    expect(() => createHttp2Server({ tls: { cert, key } })).toThrow(/mismatch/);
    expect(() => createHttp2Server({ tls: { cert: "/nowhere/cert.pem", key } })).toThrow(/ENOENT/);
    expect(() => createHttp2Transport({ target: "localhost:1", tls: { ca: "/nowhere/ca.pem" } })).toThrow(/ENOENT/);
  });

  test("M63: a server shows a certificate that replaced its files, without a restart; connections live on", async () => {
    const clock = createFakeClock();
    const { write, ca: _, ...paths } = files(authority.issue("first", "127.0.0.1"));
    const { server, port } = await serve({ tls: paths, clock });
    const { client } = dial({ target: `127.0.0.1:${port}`, tls: { ca: authority.ca } });
    await client.say({});
    expect(await shownBy(port)).toBe("first");
    await until(() => clock.timers > 0);

    write(authority.issue("second", "127.0.0.1"));
    expect(await shownBy(port)).toBe("first");
    await until(async () => {
      await clock.pass(10_000);
      return (await shownBy(port)) === "second";
    });
    expect(await client.say({ text: "still" })).toMatchObject({ text: "still" });

    // at once when told to
    write(authority.issue("third", "127.0.0.1"));
    server.reloadTls();
    expect(await shownBy(port)).toBe("third");
    // half of a rotation changes nothing
    writeFileSync(paths.cert, authority.issue("fourth").cert);
    expect(() => server.reloadTls()).toThrow(/mismatch/);
    expect(await shownBy(port)).toBe("third");
  });

  test("M63: a client shows a certificate that replaced its files, on new connections", async () => {
    const clock = createFakeClock();
    const tls = { ...authority.issue("127.0.0.1"), ca: authority.ca, requestCert: true };
    const { port } = await serve({ tls });
    const { write, ...paths } = files(other.issue("first"));
    const { client, transport } = dial({ target: `127.0.0.1:${port}`, tls: paths, clock });
    await until(() => clock.timers > 0);
    expect(await rejection(client.say({}))).toMatchObject({ code: Code.UNAVAILABLE });
    write(authority.issue("second"));
    transport.reloadTls();
    await clock.pass(200);
    expect(await client.say({ text: "a" })).toMatchObject({ text: "a" });

    // by itself, some seconds later
    const second = files(other.issue("first"));
    const later = dial({
      target: `127.0.0.1:${port}`,
      tls: { ca: second.ca, cert: second.cert, key: second.key },
      clock,
    });
    await until(() => clock.timers > 1);
    expect(await rejection(later.client.say({}))).toMatchObject({ code: Code.UNAVAILABLE });
    second.write(authority.issue("second"));
    await until(async () => {
      await clock.pass(10_000);
      return later.client.say({}).then(
        () => true,
        () => false,
      );
    });
  });
});
