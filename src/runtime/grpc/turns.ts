/**
 * A client on node:http2 that cancels a stream ends it first and resets it then, which arrives a moment later. Until
 * then it looks like one that has sent everything, and a handler would take half an upload for a whole one. Waiting
 * makes that rare; only a last message of the contract's own can rule it out.
 */
export function afterTurns(turns: number, run: () => void): void {
  setImmediate(() => (turns > 1 ? afterTurns(turns - 1, run) : run()));
}
