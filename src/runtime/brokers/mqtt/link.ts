import { connect as connectTcp } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { ErrorWithReasonCode, MqttClient, type IClientOptions, type IPublishPacket } from "mqtt";
import type { Clock, Random } from "../../context/index.js";
import { QueueError, toError } from "../../queue/index.js";
import { credentialsOf } from "../shared/credentials.js";
import { AckGate } from "./gate.js";

/** Where the server is and how to log in. */
export interface MqttServer {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly tls: ConnectionOptions;
  readonly version: 4 | 5;
  readonly keepaliveSeconds: number;
  /** Bytes of the largest packet that is taken; undefined: any. MQTT 5 alone can say so. */
  readonly maximumPacketSize: number | undefined;
}

/** One connection that comes back after it was lost. */
export interface MqttLink {
  readonly client: MqttClient;
  readonly clientId: string;
  readonly state: "up" | "down" | "closed";
  readonly lastError: Error | undefined;
  /** @throws {QueueError} `refused` for wrong credentials, `disconnected` when there is no connection in time, `closed`. */
  ready(withinMs: number): Promise<void>;
  /** Sends the acknowledgements of messages that were kept back. */
  release(messageIds: readonly number[]): void;
  /** `forget`: the server throws the session away. */
  close(options?: { readonly forget?: boolean }): Promise<void>;
}

export interface LinkInput {
  readonly server: MqttServer;
  readonly clientId: string;
  /** Seconds that the server keeps the session after the connection; 0: it ends with it. */
  readonly sessionSeconds: number;
  /** Unacknowledged messages that the server may send; undefined: acknowledgements are not kept back. */
  readonly window: number | undefined;
  readonly will?: IClientOptions["will"];
  /** False: a lost connection stays lost. */
  readonly reconnect: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly onPublish: (packet: IPublishPacket) => void;
  /** Called for every connection before anybody waits for it no more. */
  readonly onUp?: (sessionPresent: boolean) => Promise<void>;
  readonly onDown?: () => void;
}

/** Of 3.1.1 and 5: what trying again does not mend. */
const credentialCodes: ReadonlySet<number> = new Set([4, 5, 134, 135, 138, 140]);

export function openLink(input: LinkInput): MqttLink {
  const { server, clock, clientId } = input;
  let gate: AckGate | undefined;
  let state: MqttLink["state"] = "down";
  let lastError: Error | undefined;
  let fatal: QueueError | undefined;
  let connectedOnce = false;
  let waiting = new Set<() => void>();

  const client = new MqttClient(() => {
    const socket = server.secure
      ? connectTls({ host: server.host, port: server.port, servername: server.host, ...server.tls })
      : connectTcp({ host: server.host, port: server.port, noDelay: true });
    if (input.window === undefined) return socket;
    gate = new AckGate(socket);
    return gate;
  }, clientOptions(input));

  const look = (): void => [...waiting].forEach((wake) => wake());

  client.on("error", (error) => {
    lastError = error;
    const code = error instanceof ErrorWithReasonCode ? error.code : undefined;
    if (code !== undefined && credentialCodes.has(code) && !connectedOnce) {
      const { host, port } = server;
      fatal = new QueueError("refused", `MQTT server ${host}:${port} refused the credentials: ${error.message}`);
      client.end(true);
      look();
    }
  });
  client.on("packetreceive", (packet) => {
    if (packet.cmd === "publish" && state !== "closed") input.onPublish(packet);
  });
  client.on("connect", (connack) => {
    connectedOnce = true;
    const up = (): void => {
      if (state === "closed" || !client.connected) return;
      state = "up";
      lastError = undefined;
      look();
    };
    if (input.onUp === undefined) return up();
    input.onUp(connack.sessionPresent).then(up, (error: unknown) => {
      lastError = toError(error);
      fatal ??= error instanceof QueueError && state === "down" ? error : undefined;
      look();
    });
  });
  client.on("close", () => {
    if (state === "up") state = "down";
    gate = undefined;
    input.onDown?.();
  });

  return {
    client,
    clientId,
    get state() {
      return state;
    },
    get lastError() {
      return lastError;
    },
    ready(withinMs) {
      return new Promise((resolve, reject) => {
        const done = (error?: QueueError): void => {
          waiting.delete(check);
          cancel();
          if (error === undefined) resolve();
          else reject(error);
        };
        const check = (): void => {
          if (state === "up") done();
          else if (state === "closed") done(new QueueError("closed", "the broker is closed"));
          else if (fatal !== undefined) done(fatal);
        };
        const cancel = clock.after(withinMs, () => {
          const why = lastError === undefined ? "" : `: ${lastError.message || String(lastError)}`;
          const place = `MQTT server ${server.host}:${server.port}`;
          done(new QueueError("disconnected", `no connection to ${place} within ${withinMs} ms${why}`));
        });
        waiting.add(check);
        check();
      });
    },
    release(messageIds) {
      gate?.release(messageIds);
    },
    async close({ forget = false } = {}) {
      if (state === "closed") return;
      const connected = client.connected;
      state = "closed";
      look();
      waiting = new Set();
      const options = forget && server.version === 5 ? { properties: { sessionExpiryInterval: 0 } } : {};
      // what has no confirm by now has been waited for elsewhere
      await new Promise<void>((resolve) => {
        const cancel = clock.after(1_000, resolve);
        const end = (): void => {
          cancel();
          resolve();
        };
        if (connected && Object.keys(client.outgoing).length === 0)
          client.end(false, { reasonCode: 0, ...options }, end);
        else client.end(true, end);
      });
      // the library waits for a socket's close that may have been before
      client.stream.destroy();
    },
  };
}

function clientOptions(input: LinkInput): IClientOptions {
  const { server, sessionSeconds, window, will, random } = input;
  return {
    clientId: input.clientId,
    protocolVersion: server.version,
    protocolId: "MQTT",
    clean: sessionSeconds === 0,
    keepalive: server.keepaliveSeconds,
    connectTimeout: 10_000,
    // a fleet must not come back in the same millisecond
    reconnectPeriod: input.reconnect ? Math.round(300 + 400 * random()) : 0,
    reconnectOnConnackError: input.reconnect,
    resubscribe: false,
    queueQoSZero: false,
    ...(server.username === undefined ? {} : { username: server.username }),
    ...(server.password === undefined ? {} : { password: server.password }),
    ...(will === undefined ? {} : { will }),
    ...(server.version === 5
      ? {
          properties: {
            sessionExpiryInterval: sessionSeconds,
            ...(window === undefined ? {} : { receiveMaximum: window }),
            ...(server.maximumPacketSize === undefined ? {} : { maximumPacketSize: server.maximumPacketSize }),
          },
        }
      : {}),
  };
}

/** @throws {QueueError} `usage` when the address is none of MQTT. */
export function parseServer(
  url: string,
  more: Pick<MqttServer, "tls" | "version" | "keepaliveSeconds" | "maximumPacketSize">,
): MqttServer {
  if (!/^(mqtts?|ssl|tcp):\/\/./i.test(url) || !URL.canParse(url)) {
    // not the address itself into the error: it may hold a password
    throw new QueueError(
      "usage",
      "the address of an MQTT server must be a URL such as mqtt://localhost or mqtts://user@host",
    );
  }
  const parsed = new URL(url);
  const { protocol, hostname, port } = parsed;
  const { user, password } = credentialsOf(parsed);
  const secure = protocol === "mqtts:" || protocol === "ssl:";
  return {
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? (secure ? 8883 : 1883) : Number(port),
    secure,
    username: user === "" ? undefined : user,
    password: password === "" ? undefined : password,
    ...more,
  };
}
