/**
 * Nodes that should have bans in force.
 *
 * @module
 */

import type { EnforcingNode } from "../../../lib/operators/enforcement_view.ts";
import {
  type ReceiverChoice,
  TAKE_ALL,
} from "../../../lib/choice/receiver_choice.ts";
import { host } from "./core_values.ts";

/** A node that takes some of what is banned, and puts it in force with nftables. */
export function choosing(
  name: string,
  choice: Partial<ReceiverChoice>,
): EnforcingNode {
  return { ...enforcing(name, "nftables"), choice: { ...TAKE_ALL, ...choice } };
}

/** Such a node; what its actions are it has not told, unless they are named. */
export function enforcing(
  name: string,
  ...actions: readonly string[]
): EnforcingNode {
  return { node: host(name), actions, isSilent: false, choice: TAKE_ALL };
}
