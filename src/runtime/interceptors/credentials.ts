const layers = new WeakSet<object>();

/** Notes of a layer that it sends credentials: what comes back through it may be for one caller only. */
export function markCredentials<L extends object>(layer: L): L {
  layers.add(layer);
  return layer;
}

/** True for a layer that is known to send credentials. */
export function sendsCredentials(layer: object): boolean {
  return layers.has(layer);
}
