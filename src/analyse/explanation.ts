import type { ConsumerPolicyLevel, Origin, PolicyLevel } from "../model/index.js";

/** What is in force for one thing of the contracts, and where each value comes from. */
export interface Explanation {
  readonly kind: "method" | "channel" | "operation";
  /** Full name of a method, id of a channel or operation. */
  readonly name: string;
  /** Its comment or description. */
  readonly description: string;
  readonly origin: Origin;
  readonly facts: readonly Fact[];
}

/** One value in force. */
export interface Fact {
  readonly label: string;
  readonly value: string;
  /** The place in a contract that says so; undefined: no contract does, the value is the default. */
  readonly origin: Origin | undefined;
  /** Who says so, where several places may: the most specific one wins. */
  readonly level?: PolicyLevel | ConsumerPolicyLevel | "built in";
}
