/**
 * Until when fail2ban's bans hold.
 *
 * fail2ban tells local time without a zone. It is read as this process's local
 * time, plus the length, so that a change to or from summer time within the
 * ban's length does not matter; in the hour that comes twice it is the first.
 *
 * @module
 */

import type { ListedTicket, TicketTimes } from "./replies.ts";

/** Clocks are read at different moments, in milliseconds. */
const EARLY_MS = 5_000;
/** fail2ban ends bans when it comes round to it, in milliseconds. */
const LATE_MS = 60_000;

/**
 * Works out the ends of bans.
 *
 * @param tickets Bans as one answer lists them.
 * @param nowMs Milliseconds since 1970.
 * @returns The ends in milliseconds since 1970, `Infinity` for never. Without
 * times `undefined`; and so it is for all but the permanent ones when one was
 * made in the future or has ended already: fail2ban's clock is another one then.
 */
export function ticketEnds(
  tickets: readonly ListedTicket[],
  nowMs: number,
): readonly (number | undefined)[] {
  const spans = tickets.map(({ times }) => times && spanOf(times));
  const isSameClock = spans.every((span) =>
    span === undefined ||
    span.startMs <= nowMs + EARLY_MS && span.endMs >= nowMs - LATE_MS
  );
  return spans.map((span) =>
    isSameClock || span?.endMs === Infinity ? span?.endMs : undefined
  );
}

function spanOf({ madeAt, seconds }: TicketTimes) {
  const startMs = new Date(madeAt.replace(" ", "T")).getTime();
  return { startMs, endMs: startMs + seconds * 1_000 };
}
