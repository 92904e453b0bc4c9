import { lifetimeOf, statusOfError, type Call, type RpcStatus } from "../rpc/index.js";

/**
 * Hears once when a call is over: by its status, or because it was aborted, whichever comes first. A layer further in
 * that never answers must not keep a place for ever.
 */
export function onceOver<I, O>(call: Call<I, O, {}>, run: (status: RpcStatus) => void): (status: RpcStatus) => void {
  let over = false;
  const once = (status: RpcStatus): void => {
    if (over) return;
    over = true;
    forget();
    run(status);
  };
  let forget = (): void => {};
  forget = lifetimeOf(call).onAbort((reason) => once(statusOfError(reason)));
  return once;
}
