/**
 * Computes the ends of fail2ban's bans.
 *
 * fail2ban lists local times without a zone. The end is the beginning, read as
 * this process's local time, plus the length: so a change to or from summer
 * time during the ban does not matter. In the hour that summer time repeats it
 * is the first one.
 *
 * @module
 */

import type { ListedTicket, TicketTimes } from "./replies.ts";
import { localMs } from "./ticket_zone.ts";

/**
 * How far in the future a beginning may be: the two clocks are read at
 * different moments.
 */
const EARLY_LIMIT_MS = 5_000;
/**
 * How long after its end a ban may still be listed: fail2ban removes bans with
 * a delay.
 */
const LATE_LIMIT_MS = 60_000;

/**
 * Computes the ends of bans.
 *
 * @param tickets The bans in one answer.
 * @param nowMs Milliseconds since 1970.
 * @param behindMs By how much the zone of each is behind this process's; by
 * default it is the same.
 * @returns The ends in milliseconds since 1970, `Infinity` for never.
 * `undefined` without times; also for all but permanent bans when one begins in
 * the future or has ended already, because fail2ban uses another clock or zone
 * then.
 */
export function ticketEnds(
  tickets: readonly ListedTicket[],
  nowMs: number,
  behindMs: readonly number[] = [],
): readonly (number | undefined)[] {
  const spans = tickets.map(({ times }, index) =>
    times && spanOf(times, behindMs[index] ?? 0)
  );
  const isSameClock = spans.every((span) =>
    span === undefined ||
    span.startMs <= nowMs + EARLY_LIMIT_MS &&
      span.endMs >= nowMs - LATE_LIMIT_MS
  );
  return spans.map((span) =>
    isSameClock || span?.endMs === Infinity ? span?.endMs : undefined
  );
}

function spanOf({ madeAt, seconds }: TicketTimes, behindMs: number) {
  const startMs = localMs(madeAt) + behindMs;
  return { startMs, endMs: startMs + seconds * 1_000 };
}
