// A way to RabbitMQ that counts what clients open: connections and channels, as they go over the wire.
import { connect, createServer } from "node:net";

const methodFrame = 1;
const openChannel = { group: 20, method: 10 };

/** Resolves to a tap in front of the server: `{ url, counts: { connections, channels }, close() }`. */
export async function openTap(url) {
  const target = new URL(url);
  const { hostname, port } = target;
  const counts = { connections: 0, channels: 0 };
  const sockets = new Set();
  const server = createServer((client) => {
    counts.connections++;
    const upstream = connect(Number(port), hostname);
    const find = createFinder(() => counts.channels++);
    client.on("data", find);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ]) {
      sockets.add(from);
      from.setNoDelay(true);
      from.pipe(to);
      from.on("error", () => to.destroy());
      from.on("close", () => to.destroy());
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  target.port = String(server.address().port);
  return {
    url: target.href,
    counts,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** Looks at the beginning of each frame and skips the rest of it, however the stream is cut. */
function createFinder(onChannel) {
  // the greeting is eight bytes without a frame
  let skip = 8;
  let head = Buffer.alloc(0);
  return (chunk) => {
    let at = 0;
    while (at < chunk.length) {
      if (skip > 0) {
        const step = Math.min(skip, chunk.length - at);
        skip -= step;
        at += step;
        continue;
      }
      const step = Math.min(11 - head.length, chunk.length - at);
      head = Buffer.concat([head, chunk.subarray(at, at + step)]);
      at += step;
      const length = head.length < 7 ? Infinity : 8 + head.readUInt32BE(3);
      if (head.length < Math.min(11, length)) continue;
      const isMethod = head[0] === methodFrame && length >= 12;
      if (isMethod && head.readUInt16BE(7) === openChannel.group && head.readUInt16BE(9) === openChannel.method)
        onChannel();
      // a heartbeat is shorter than what was looked at
      const rest = head.subarray(length);
      skip = Math.max(0, length - head.length);
      head = Buffer.from(rest);
    }
  };
}
