import type { FastifyPluginAsync } from "fastify";
import type { Gateway } from "./gateway.js";
import { disconnectSignal, nodeBody, peerOf, sendStream } from "./node.js";

/** Settings of the plugin. */
export interface GatewayPluginOptions {
  readonly gateway: Gateway;
}

/**
 * A Fastify plugin that serves a gateway beside an application's own routes, which come first. Fastify's hooks run,
 * its body parsers do not: the gateway reads bodies itself, with its own limit.
 *
 * @example await app.register(gatewayPlugin, { gateway });
 */
export const gatewayPlugin: FastifyPluginAsync<GatewayPluginOptions> = async (instance, { gateway }) => {
  instance.removeAllContentTypeParsers();
  instance.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
  const { prefix } = instance;
  instance.all("/*", async (request, reply) => {
    const url = request.raw.url ?? "/";
    const result = await gateway.handle({
      method: request.method,
      url: prefix !== "" && url.startsWith(prefix) ? url.slice(prefix.length) : url,
      headers: request.headers,
      body: nodeBody(request.raw),
      signal: disconnectSignal(reply.raw),
      peer: peerOf(request.raw),
    });
    const { body } = result;
    reply.code(result.status).headers({ ...result.headers });
    if (typeof body === "string") return reply.send(body);
    if (body instanceof Uint8Array) return reply.send(Buffer.from(body.buffer, body.byteOffset, body.length));
    // Fastify would hold the headers of a stream back until its first piece
    const own = Object.entries(reply.getHeaders()).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, String(value)]],
    );
    reply.hijack();
    await sendStream(reply.raw, result.status, Object.fromEntries(own), body).catch(() => reply.raw.destroy());
    return undefined;
  });
};
