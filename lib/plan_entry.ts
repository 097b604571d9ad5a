/**
 * What a plan knows of one ban.
 *
 * @module
 */

import type { HostName } from "./host_name.ts";
import type { ListedBan, LocalBan } from "./ports.ts";

/** What can be done about a ban. */
export type Verb = "apply" | "lift";

/** Ends that differ by less are the same: lists are rounded. */
const SAME_END_MS = 2_000;

/** Whether a ban is wanted, and whether it is in force. */
export class PlanEntry {
  /** The ban as it should be in force; `undefined`: it should not. */
  wanted: LocalBan | undefined;
  /** The ban as it was last applied and is in force; `undefined`: it is not. */
  applied: LocalBan | undefined;
  /** How often it failed since it last went well. */
  failures = 0;
  /** Where it is in the plan. */
  place: "idle" | "queued" | "paused" | "busy" = "idle";

  /**
   * Says what is to be done.
   *
   * @param lapses Whether bans end by themselves, so that their end matters.
   * @returns `undefined` when nothing is.
   */
  need(lapses: boolean): { verb: Verb; ban: LocalBan } | undefined {
    const { wanted, applied } = this;
    if (wanted === undefined) {
      return applied === undefined ? undefined : { verb: "lift", ban: applied };
    }
    const isInForce = applied !== undefined &&
      !(lapses && haveOtherEnds(wanted.expiresMs, applied.expiresMs));
    return isInForce ? undefined : { verb: "apply", ban: wanted };
  }
}

/** Names a ban among those of a host. */
export function keyOfBan(
  { jail, address }: Pick<LocalBan, "jail" | "address">,
): string {
  return `${jail}|${address}`;
}

/** A ban that is in force though nobody here asked for it. */
export function strayBan(
  { jail, address, expiresMs = Infinity }: ListedBan,
  origin: HostName,
): LocalBan {
  return { jail, address, expiresMs, origin, reportedJail: jail };
}

/** Whether a listed end is not the wanted one. An end that is not told is. */
export function haveOtherEnds(
  listedMs: number | undefined,
  wantedMs: number,
): boolean {
  if (listedMs === undefined || listedMs === wantedMs) return false;
  return !(Math.abs(listedMs - wantedMs) < SAME_END_MS);
}
