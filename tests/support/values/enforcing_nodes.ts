/**
 * Nodes that should have bans in force.
 *
 * @module
 */

import type { EnforcingNode } from "../../../lib/operators/enforcement_view.ts";
import { host } from "./core_values.ts";

/** Such a node; what its actions are it has not told, unless they are named. */
export function enforcing(
  name: string,
  ...actions: readonly string[]
): EnforcingNode {
  return { node: host(name), actions, isSilent: false };
}
