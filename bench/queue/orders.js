// The orders that travel: the same in every run, sixteen of 1 KB.
import { orders } from "../rpc/data.js";
import { emitted } from "./build.js";

export const { Order } = await emitted("order.pb.js");

const values = orders("1KB").map((order) => Order.create(order));

/** The order of a number. */
export function orderOf(i) {
  return values[i % values.length];
}
