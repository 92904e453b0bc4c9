import type { FrameCodec } from "./frames.js";

/** Frames as they are: for who reads and writes them at a time of its own. */
export const rawFrames: FrameCodec<string | Uint8Array, string> = {
  encode: (data) => ({ data, name: "" }),
  decode: (data) => ({ message: data, headers: {}, name: "" }),
};
