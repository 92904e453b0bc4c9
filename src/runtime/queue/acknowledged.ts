/**
 * What `ack` gives back where nothing has to be waited for: an acknowledgement that leaves with the others of this turn.
 * Known by identity, so that nobody makes a promise to wait for it.
 */
export const acknowledged: Promise<void> = Promise.resolve();
