import { connect, type Socket } from "node:net";

// As much of HTTP/2 (RFC 9113) as tests need to say what node:http2 would not, in the order and the pieces they want.

export const FrameType = { DATA: 0, HEADERS: 1, RST_STREAM: 3, SETTINGS: 4, PING: 6, GOAWAY: 7 } as const;
export const END_STREAM = 1;
export const ACK = 1;
export const END_HEADERS = 4;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export const preface: Buffer = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

export function frame(type: number, flags: number, stream: number, payload: Uint8Array = new Uint8Array()): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A block of headers, every field spelled out: no table, no Huffman (RFC 7541, 6.2.2). */
export function headerBlock(fields: Readonly<Record<string, string>>): Buffer {
  const text = (value: string): Buffer => {
    if (value.length > 126) throw new RangeError("longer than one byte can say");
    return Buffer.concat([Buffer.from([value.length]), Buffer.from(value, "latin1")]);
  };
  const all = Object.entries(fields).flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]);
  return Buffer.concat(all);
}

/** The request of a call of gRPC with one message. */
export function grpcRequest(stream: number, path: string, message: Uint8Array): Buffer {
  const fields = { ":method": "POST", ":scheme": "http", ":path": path, ":authority": "a" };
  const headers = headerBlock({ ...fields, "content-type": "application/grpc", te: "trailers" });
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([
    frame(FrameType.HEADERS, END_HEADERS, stream, headers),
    frame(FrameType.DATA, END_STREAM, stream, Buffer.concat([head, message])),
  ]);
}

/** The frames in what comes over a connection, which may end within one. */
export function readFrames(socket: Socket, onFrame: (frame: Frame) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on("data", (bytes: Buffer) => {
    rest = Buffer.concat([rest, bytes]);
    while (rest.length >= 9) {
      const end = 9 + rest.readUIntBE(0, 3);
      if (rest.length < end) return;
      const [type, flags, stream] = [rest.readUInt8(3), rest.readUInt8(4), rest.readUInt32BE(5)];
      const payload = rest.subarray(9, end);
      rest = rest.subarray(end);
      onFrame({ type, flags, stream, payload });
    }
  });
}

/** A client that says what it is told. */
export interface FrameClient {
  readonly socket: Socket;
  /** All that came so far. */
  readonly frames: readonly Frame[];
  send(...parts: readonly Buffer[]): void;
  /** The next frame, new or not yet given, of which the condition is true. */
  next(wanted: (frame: Frame) => boolean): Promise<Frame>;
}

/** Connects in plain text; settings are said and acknowledged, all else is the test's. */
export function connectFrames(address: string): FrameClient {
  const [host = "", port = ""] = address.split(":");
  const frames: Frame[] = [];
  const given = new Set<Frame>();
  const waiting = new Set<() => void>();
  const socket = connect(Number(port), host);
  socket.on("error", () => {});
  socket.setNoDelay(true);
  socket.write(Buffer.concat([preface, frame(FrameType.SETTINGS, 0, 0)]));
  readFrames(socket, (got) => {
    if (got.type === FrameType.SETTINGS && got.flags !== ACK) socket.write(frame(FrameType.SETTINGS, ACK, 0));
    frames.push(got);
    for (const look of waiting) look();
  });
  return {
    socket,
    frames,
    send: (...parts) => void socket.write(Buffer.concat(parts)),
    next: (wanted) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = frames.find((one) => !given.has(one) && wanted(one));
          if (found === undefined) return;
          given.add(found);
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
  };
}
