/**
 * Names under which no node reports: operators', and those of what the
 * publisher derives from reports.
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

/** The origin of a network's ban that stands for those of addresses in it. */
export const WIDENED_ORIGIN = "widened" as HostName;
/** The origin of what makes a ban hold longer that comes again. */
export const GROWN_ORIGIN = "grown" as HostName;

/** Whether a name is that of what the publisher derives from reports. */
export function isDerivedOrigin(name: HostName): boolean {
  const origin = canonicalHost(name);
  return origin === WIDENED_ORIGIN || origin === GROWN_ORIGIN;
}

/** Whether a name may be a node's: it is none of those here. */
export function isNodeOrigin(name: HostName): boolean {
  return !isOperatorOrigin(name) && !isDerivedOrigin(name);
}
