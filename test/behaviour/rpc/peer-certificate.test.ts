import { X509Certificate } from "node:crypto";
import { connect } from "node:http2";
import { credentials, ServerCredentials } from "@grpc/grpc-js";
import { afterEach, describe, expect, test } from "vitest";
import { auth } from "../../../src/runtime/interceptors/index.js";
import {
  chain,
  Code,
  createServiceClient,
  detachCall,
  implementService,
  RpcError,
  type CallContext,
  type Interceptor,
  type LayerList,
  type PeerCertificate,
  type ServiceRegistry,
  type Transport,
} from "../../../src/runtime/rpc/index.js";
import { createConnectTransport, createGrpcWebTransport } from "../../../src/runtime/transports/connect.js";
import { createGrpcJsServer, createGrpcJsTransport } from "../../../src/runtime/transports/grpc-js.js";
import { createHttp2Server, createHttp2Transport } from "../../../src/runtime/transports/http2.js";
import { createAuthority, type Issued } from "../../support/certificates.js";
import { collect, Echo, echo, rejection, transports, type EchoClient, type EchoHandler } from "./echo.js";

const authority = createAuthority("one");
const other = createAuthority("two");
const own = authority.issue("127.0.0.1");
const billing = authority.issue("billing", "billing.internal");
const orders = authority.issue("orders");

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

type Server = ServiceRegistry & {
  listen(address: string): Promise<{ readonly address: string }>;
  close(withinMs?: number): Promise<void>;
};

/** What a server asks of clients: a certificate of the authority, any or none, or nothing. */
type Asked = "trusted" | "any" | "nothing";

interface Way {
  readonly id: string;
  readonly server: (asked: Asked) => Server;
  readonly transport: (address: string, shown?: Issued) => Transport;
}

function http2Server(asked: Asked): Server {
  const { ca } = authority;
  const more = asked === "nothing" ? {} : { ca, requestCert: true, rejectUnauthorized: asked === "trusted" };
  return createHttp2Server({ tls: { ...own, ...more } });
}

const tlsOf = (shown: Issued | undefined): object => ({ ca: authority.ca, ...shown });

function grpcJsCredentials(asked: Asked): ServerCredentials {
  const pair = { private_key: Buffer.from(own.key), cert_chain: Buffer.from(own.cert) };
  return ServerCredentials.createSsl(Buffer.from(authority.ca), [pair], asked === "trusted");
}

const ways: readonly Way[] = [
  {
    id: "http2",
    server: http2Server,
    transport: (target, shown) => createHttp2Transport({ target, tls: tlsOf(shown) }),
  },
  {
    id: "Connect over HTTP/2",
    server: http2Server,
    transport: (target, shown) => createConnectTransport({ target, tls: tlsOf(shown) }),
  },
  {
    id: "Connect over HTTP/1.1",
    server: http2Server,
    transport: (target, shown) => createConnectTransport({ target, tls: tlsOf(shown), httpVersion: "1.1" }),
  },
  {
    id: "gRPC-Web over HTTP/1.1",
    server: http2Server,
    transport: (target, shown) => createGrpcWebTransport({ target, tls: tlsOf(shown), httpVersion: "1.1" }),
  },
  {
    id: "grpc-js",
    server: (asked) => createGrpcJsServer({ credentials: grpcJsCredentials(asked) }),
    transport: (address, shown) =>
      createGrpcJsTransport(address, {
        credentials: credentials.createSsl(
          Buffer.from(authority.ca),
          shown && Buffer.from(shown.key),
          shown && Buffer.from(shown.cert),
        ),
      }),
  },
];

async function serve(server: Server, handler: Partial<EchoHandler>, layers?: LayerList): Promise<string> {
  server.register(Echo, implementService(Echo, handler, { chain: layers }));
  closers.push(() => server.close(0));
  return (await server.listen("127.0.0.1:0")).address;
}

function clientOf(transport: Transport): EchoClient {
  closers.push(() => transport.close(0));
  return createServiceClient<EchoClient>(Echo, transport);
}

/** Says whose certificate a call came with. */
const whose: Partial<EchoHandler> = {
  say: (_, { peerCertificate }) => ({ text: peerCertificate?.subject ?? "nobody's" }),
  async *split(_, { peerCertificate }) {
    yield { text: peerCertificate?.subject ?? "nobody's" };
  },
};

describe.each(ways)("M63: the certificate of a client, over $id", ({ id, server, transport }) => {
  test("M63: handlers know which client called, two at the same time", async () => {
    const seen: (PeerCertificate | undefined)[] = [];
    const handler: Partial<EchoHandler> = {
      ...whose,
      say(_, context) {
        seen.push(context.peerCertificate);
        return { text: context.peerCertificate?.subject ?? "" };
      },
    };
    const address = await serve(server("trusted"), handler);
    const one = clientOf(transport(address, billing));
    const two = clientOf(transport(address, orders));
    const texts = await Promise.all([one.say({}), two.say({}), one.say({}), two.say({})]);
    expect(texts.map(({ text }) => text)).toEqual(["CN=billing", "CN=orders", "CN=billing", "CN=orders"]);
    expect((await collect(one.split({})))[0]?.text).toBe("CN=billing");
    const certificate = new X509Certificate(billing.cert);
    const found = seen.find((one) => one?.subject === "CN=billing");
    expect(found?.fingerprint256).toBe(certificate.fingerprint256);
    expect(found?.subjectAltName).toBe("DNS:billing, DNS:billing.internal");
    expect(Buffer.from(found?.raw ?? []).equals(certificate.raw)).toBe(true);
  });

  test("M63: there is none where none was asked for, or shown", async () => {
    const asked = id === "grpc-js" ? "nothing" : "any";
    for (const what of new Set<Asked>([asked, "nothing"])) {
      const address = await serve(server(what), whose);
      expect(await clientOf(transport(address)).say({})).toMatchObject({ text: "nobody's" });
    }
    const address = await serve(server("nothing"), whose);
    expect(await clientOf(transport(address, billing)).say({})).toMatchObject({ text: "nobody's" });
  });

  test.skipIf(id === "grpc-js")("M63: one that could not be verified is none, whoever lets it in", async () => {
    const address = await serve(server("any"), whose);
    expect(await clientOf(transport(address, other.issue("billing"))).say({})).toMatchObject({ text: "nobody's" });
    expect(await clientOf(transport(address, billing)).say({})).toMatchObject({ text: "CN=billing" });
  });

  test("M11, M63: auth may ask that a token is used by the client it was issued to", async () => {
    const verify = (token: string, { peerCertificate }: CallContext): { user: string } => {
      if (peerCertificate?.fingerprint256 !== token) throw new RpcError(Code.UNAUTHENTICATED, "another's token");
      return { user: peerCertificate.subject };
    };
    const handler: EchoHandler<{ user: string }> = { ...echo, say: (_, { user }) => ({ text: user }) };
    const address = await serve(server("trusted"), handler as Partial<EchoHandler>, chain().use(auth({ verify })));
    const { fingerprint256 } = new X509Certificate(billing.cert);
    const options = { metadata: { authorization: `Bearer ${fingerprint256}` } };
    expect(await clientOf(transport(address, billing)).say({}, options)).toMatchObject({ text: "CN=billing" });
    expect(await rejection(clientOf(transport(address, orders)).say({}, options))).toMatchObject({
      code: Code.UNAUTHENTICATED,
      message: "another's token",
    });
  });

  test("M63: layers that change a call keep it, calls further on are not that caller's", async () => {
    const onward: (PeerCertificate | undefined)[] = [];
    const look: Interceptor = (call, next) => {
      onward.push(call.context.peerCertificate);
      return next(call);
    };
    const further = transports[0];
    const { client: next, close } = await further!.connect(whose, { chain: chain().use(look) });
    closers.push(close);
    const change: Interceptor<{ more: number }> = (call, go) =>
      go(detachCall(call.change({ metadata: call.context.metadata.clone() }).with({ more: 1 })));
    const handler: Partial<EchoHandler> = {
      async say(_, { peerCertificate }) {
        return { text: `${peerCertificate?.subject}, ${(await next.say({})).text}` };
      },
    };
    const address = await serve(server("trusted"), handler, chain().use(change));
    expect(await clientOf(transport(address, billing)).say({})).toMatchObject({ text: "CN=billing, nobody's" });
    expect(onward).toEqual([undefined]);
  });
});

test("M63: a proxy that passes a call on does not pass on the certificate of its caller", async () => {
  const seen: (string | undefined)[] = [];
  const { client, close } = await transports[0]!.connect(whose);
  closers.push(close);
  const layer: Interceptor = (call, next) => {
    const sent = call.change({ side: "client", peer: "elsewhere:1" });
    seen.push(call.context.peerCertificate?.subject, sent.context.peerCertificate?.subject);
    return next(call);
  };
  const address = await serve(http2Server("trusted"), { say: (note) => client.say(note) }, chain().use(layer));
  await clientOf(createHttp2Transport({ target: address, tls: tlsOf(billing) })).say({});
  expect(seen).toEqual(["CN=billing", undefined]);
});

test.each(ways.slice(0, 3))("M63: it is read once for a connection, over $id", async ({ server, transport }) => {
  const seen = new Set<unknown>();
  const handler: Partial<EchoHandler> = {
    say(note, context) {
      seen.add(context.peerCertificate);
      return note;
    },
  };
  const client = clientOf(transport(await serve(server("trusted"), handler), billing));
  for (let i = 0; i < 3; i++) await client.say({});
  expect(seen.size).toBe(1);
});

test("M63: through what stands between a request and its protocol: other origins, and base64", async () => {
  const { ca } = authority;
  const server = createHttp2Server({
    tls: { ...own, ca, requestCert: true },
    cors: { origins: ["https://a.example"] },
  });
  const target = await serve(server, whose);
  const client = clientOf(createConnectTransport({ target, tls: tlsOf(billing) }));
  expect(await client.say({}, { metadata: { origin: "https://a.example" } })).toMatchObject({ text: "CN=billing" });
  const socket = connect(`https://${target}`, { ca, ...billing });
  closers.push(() => socket.destroy());
  const type = { "content-type": "application/grpc-web-text", ":method": "POST", ":path": Echo.methods.say.path };
  const stream = socket.request(type).setEncoding("latin1");
  stream.end(Buffer.alloc(5).toString("base64"));
  let text = "";
  for await (const part of stream) text += String(part);
  expect(Buffer.from(text, "base64").toString("latin1")).toContain("CN=billing");
});

test("M63: a context without it, in plain text and in process", async () => {
  for (const { connect } of transports) {
    const { client, close } = await connect(whose);
    closers.push(close);
    expect(await client.say({})).toMatchObject({ text: "nobody's" });
  }
});
