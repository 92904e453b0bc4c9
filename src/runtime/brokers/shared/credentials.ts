import { QueueError } from "../../queue/index.js";

/**
 * User and password of a broker's address, which stand there percent-encoded; empty when there are none.
 *
 * @throws {QueueError} `usage` when they are not; without them in its text.
 */
export function credentialsOf({ username, password }: URL): { readonly user: string; readonly password: string } {
  try {
    return { user: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    const text = "user and password in the address of a broker must be percent-encoded: write %25 for a percent sign";
    throw new QueueError("usage", text);
  }
}
