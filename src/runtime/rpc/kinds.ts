import type { MethodKind } from "./types.js";

/** True for methods that take one request. */
export function isUnaryInput(kind: MethodKind): boolean {
  return kind === "unary" || kind === "server_streaming";
}

/** True for methods that give one response. */
export function isUnaryOutput(kind: MethodKind): boolean {
  return kind === "unary" || kind === "client_streaming";
}
