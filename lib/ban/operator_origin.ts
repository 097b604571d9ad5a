/**
 * The name under which operators report and lift.
 *
 * @module
 */

import { canonicalHost, type HostName } from "../base/host_name.ts";
import type { JailName } from "../base/jail_name.ts";

/** The origin of what an operator bans, and who lifts what an operator lifts. No node has this name. */
export const OPERATOR_ORIGIN = "operator" as HostName;
/** The jail of what an operator bans. */
export const OPERATOR_JAIL = "operator" as JailName;

/** Whether a name is that of operators. */
export function isOperatorOrigin(name: HostName): boolean {
  return canonicalHost(name) === OPERATOR_ORIGIN;
}
