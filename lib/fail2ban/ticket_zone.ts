/**
 * In which zone a fail2ban lists its bans. It lists local times, of the zone
 * that it was started in; its database has the same moments without one.
 *
 * @module
 */

import type { ListedTicket, TicketTimes } from "./replies.ts";

/** Rows looked up of one list, at most: each takes some 30 us of everything here. */
const MAX_ROWS = 500;
/** Zones differ by whole quarters of an hour. */
const STEP_MS = 900_000;
/** A row's beginning is rounded to whole seconds, the list's is cut. */
const ROUNDED_MS = 1_500;

/**
 * Finds by how much the zone of each listed ban is behind this process's: by
 * the rows of these bans, else as most of those that have one say.
 *
 * @param tickets The bans in one answer.
 * @param beganMsOf When a ban began by its row, in milliseconds since 1970.
 * @param otherwiseMs The answer where no row says anything, in milliseconds.
 *
 * @example
 * ```ts
 * import { zonesBehind } from "./ticket_zone.ts";
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

/** `undefined`: the row is that of another ban. */
function behindMs(
  { madeAt }: TicketTimes,
  beganMs: number | undefined,
): number | undefined {
  if (beganMs === undefined) return undefined;
  const behind = beganMs - localMs(madeAt);
  const zoneMs = Math.round(behind / STEP_MS) * STEP_MS;
  // Never -0.
  return Math.abs(behind - zoneMs) <= ROUNDED_MS ? zoneMs + 0 : undefined;
}

/** A time of a list, read in the zone of this process. */
export function localMs(madeAt: string): number {
  return new Date(madeAt.replace(" ", "T")).getTime();
}
