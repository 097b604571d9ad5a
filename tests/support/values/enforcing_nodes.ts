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

/** A node with a choice that enforces bans with nftables. */
export function choosing(
  name: string,
  choice: Partial<ReceiverChoice>,
): EnforcingNode {
  return { ...enforcing(name, "nftables"), choice: { ...TAKE_ALL, ...choice } };
}

/** A node with the named actions; without names, its actions are unknown. */
export function enforcing(
  name: string,
  ...actions: readonly string[]
): EnforcingNode {
  return { node: host(name), actions, isSilent: false, choice: TAKE_ALL };
}
