import { checkBytes, checkOneOf, Code, RpcError, showValue } from "../rpc/index.js";

/** How large messages may be, and when they are compressed. */
export interface MessageLimits {
  /** Largest message taken in, as it is and after inflation; 4 MiB by default. */
  readonly maxReceiveBytes?: number | undefined;
  /** Largest message sent, before compression; unlimited by default. */
  readonly maxSendBytes?: number | undefined;
  /**
   * `"gzip"` compresses what is sent where the other side takes it, `"identity"` never does. A client sends as it is
   * by default, a server answers in gzip whoever sends gzip.
   */
  readonly compression?: "gzip" | "identity" | undefined;
  /**
   * Smaller messages are not compressed, nor those that would not shrink; 1,024 bytes by default. With 0 all are,
   * whatever comes of it.
   */
  readonly compressionThreshold?: number | undefined;
}

/** The same with what is different for some methods. */
export interface MessageOptions extends MessageLimits {
  /**
   * Other settings for single methods by path, or for all whose path begins so: `"/acme.v1.Files/*"`. An exact path
   * comes first, then the longest beginning.
   */
  readonly methods?: Readonly<Record<string, MessageLimits>> | undefined;
}

/** What holds for one method. */
export interface ResolvedLimits {
  readonly maxReceiveBytes: number;
  readonly maxSendBytes: number;
  readonly compression: "gzip" | "identity" | undefined;
  readonly compressionThreshold: number;
}

/**
 * Looks at the limits when they are given, not when the first call needs them.
 *
 * @throws {RangeError} for a limit that is no number of bytes, {@link TypeError} for what is no compression and for a
 * method that is no path.
 */
export function checkLimits(options: MessageOptions): void {
  checkLayer("", options);
  for (const [path, limits] of Object.entries(options.methods ?? {})) {
    if (!path.startsWith("/") && path !== "*") {
      throw new TypeError(`methods: ${showValue(path)} is no path: paths begin with a slash, ${showValue(`/${path}`)}`);
    }
    checkLayer(`methods[${showValue(path)}].`, limits);
  }
}

function checkLayer(of: string, limits: MessageLimits): void {
  checkBytes(`${of}maxReceiveBytes`, limits.maxReceiveBytes);
  checkBytes(`${of}maxSendBytes`, limits.maxSendBytes);
  checkBytes(`${of}compressionThreshold`, limits.compressionThreshold);
  checkOneOf(`${of}compression`, limits.compression, ["gzip", "identity"]);
}

/** What holds for the method of a path, of options that were checked. */
export function limitsOf(path: string, options: MessageOptions): ResolvedLimits {
  const layers = [...overridesOf(path, options.methods ?? {}), options];
  const find = <K extends keyof MessageLimits>(key: K): MessageLimits[K] =>
    layers.find((layer) => layer[key] !== undefined)?.[key];
  return {
    maxReceiveBytes: find("maxReceiveBytes") ?? 4 * 1024 * 1024,
    maxSendBytes: find("maxSendBytes") ?? Infinity,
    compression: find("compression"),
    compressionThreshold: find("compressionThreshold") ?? 1_024,
  };
}

function overridesOf(path: string, methods: Readonly<Record<string, MessageLimits>>): MessageLimits[] {
  return Object.keys(methods)
    .filter((key) => key === path || (key.endsWith("*") && path.startsWith(key.slice(0, -1))))
    .sort((a, b) => Number(b === path) - Number(a === path) || b.length - a.length)
    .map((key) => methods[key] ?? {});
}

/** The failure of a message that is too large. `size` is known, or said to be more than was allowed. */
export function tooLarge(direction: "received" | "sent", size: number | string, limit: number): RpcError {
  return new RpcError(
    Code.RESOURCE_EXHAUSTED,
    `a message of ${size} bytes cannot be ${direction}: at most ${limit} bytes are allowed`,
  );
}
