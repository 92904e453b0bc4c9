import type { ClientMessageOptions } from "../grpc/index.js";

/** What clients of Connect may say, whatever carries them. */
export interface ConnectClientOptions extends ClientMessageOptions {
  /**
   * Calls methods whose contract says that they have no side effects (`idempotency_level = NO_SIDE_EFFECTS`) with GET,
   * so that browsers and caches may keep the answers. What does not fit into a URL goes with POST.
   */
  readonly get?: boolean | undefined;
  /** What the client calls itself; browsers say that themselves. */
  readonly userAgent?: string | undefined;
}
