/**
 * Computes the ends of fail2ban's bans.
 *
 * fail2ban lists local times without a zone. The end is the beginning, read as
 * this process's local time, plus the duration, so a change to or from summer
 * time during the ban does not matter. In the hour that summer time repeats it
 * is the first one.
 *
 * The listed times are in the zone that fail2ban was started in. Its database
 * has the same moments independently of zones, which reveals that zone.
 *
 * @module
 */

import type { ListedTicket, TicketTimes } from "./replies.ts";

/**
 * Tolerance for a beginning in the future: the two clocks are read at different
 * moments.
 */
const EARLY_LIMIT_MS = 5_000;
/**
 * How long an ended ban may still be listed: fail2ban removes bans with a
 * delay.
 */
const LATE_LIMIT_MS = 60_000;

/**
 * Computes the ends of bans.
 *
 * @param tickets The bans in one answer.
 * @param nowMs Milliseconds since 1970.
 * @param behindMs How far each ban's zone is behind this process's zone; by
 * default not at all.
 * @returns The ends in milliseconds since 1970, `Infinity` for never.
 * `undefined` without times. If a ban begins in the future or has already
 * ended, fail2ban uses another clock or zone: then all but permanent bans are
 * `undefined`.
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

/**
 * Maximum number of rows looked up for a list: a row costs some 30 us in total.
 */
const MAX_ROWS = 500;
/** Zones differ by multiples of a quarter of an hour. */
const STEP_MS = 900_000;
/** A row's beginning is rounded to whole seconds, a list's is truncated. */
const ROUNDED_MS = 1_500;

/**
 * Finds how far the zone of each listed ban is behind this process's zone: by
 * the bans' rows, or else by the majority of the rows.
 *
 * @param tickets The bans in one answer.
 * @param beganMsOf When a ban began by its row, in milliseconds since 1970.
 * @param otherwiseMs The answer if no row tells, in milliseconds.
 *
 * @example
 * ```ts
 * import { zonesBehind } from "./ticket_times.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 * import { parseAddress } from "../base/address.ts";
 *
 * const address = parseAddress("192.0.2.1");
 * const tickets = address === undefined
 *   ? []
 *   : [{ address, times: { madeAt: "2026-11-22 14:09:21", seconds: 600 } }];
 * const beganMs = new Date("2026-11-22T17:39:21").getTime();
 * deepStrictEqual(zonesBehind(tickets, () => beganMs, 0), [3.5 * 3_600_000]);
 * ```
 */
export function zonesBehind(
  tickets: readonly ListedTicket[],
  beganMsOf: (ticket: ListedTicket) => number | undefined,
  otherwiseMs: number,
): readonly number[] {
  const own = tickets.map((ticket, index) =>
    ticket.times === undefined || index >= MAX_ROWS
      ? undefined
      : behindMs(ticket.times, beganMsOf(ticket))
  );
  const counts = new Map<number, number>();
  for (const ms of own) {
    if (ms !== undefined) counts.set(ms, (counts.get(ms) ?? 0) + 1);
  }
  const [most = otherwiseMs] = [...counts.keys()].sort((left, right) =>
    (counts.get(right) ?? 0) - (counts.get(left) ?? 0)
  );
  return own.map((ms) => ms ?? most);
}

/** `undefined`: the row belongs to another ban. */
function behindMs(
  { madeAt }: TicketTimes,
  beganMs: number | undefined,
): number | undefined {
  if (beganMs === undefined) return undefined;
  const behind = beganMs - localMs(madeAt);
  const zoneMs = Math.round(behind / STEP_MS) * STEP_MS;
  // Avoids -0.
  return Math.abs(behind - zoneMs) <= ROUNDED_MS ? zoneMs + 0 : undefined;
}

/** Reads a listed time in the zone of this process. */
export function localMs(madeAt: string): number {
  return new Date(madeAt.replace(" ", "T")).getTime();
}
