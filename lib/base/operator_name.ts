/**
 * The name under which operators report and lift. No node has it.
 *
 * @module
 */

import { canonicalHost, type HostName } from "./host_name.ts";
import type { JailName } from "./jail_name.ts";

/** The origin of what an operator bans, and who lifts what an operator lifts. */
export const OPERATOR_ORIGIN = "operator" as HostName;
/** The jail of what an operator bans. */
export const OPERATOR_JAIL = "operator" as JailName;

/** Whether a name is that of operators. */
export function isOperatorOrigin(name: HostName): boolean {
  return canonicalHost(name) === OPERATOR_ORIGIN;
}
