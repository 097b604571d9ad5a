/**
 * What differs between the bans of a host's fail2ban and what its monitor has
 * reported. Pure: lists in, differences out.
 *
 * | fail2ban has it | reported                | lifted before it began, or unknown | left out, or lifted since |
 * | --------------- | ----------------------- | ---------------------------------- | ------------------------- |
 * | yes             | its end, if it differs  | to be reported                     | nothing                   |
 * | no              | to be taken back        | nothing                            | forgotten                 |
 *
 * @module
 */

import { type BanKey, keyOf } from "../ban/ban.ts";
import type { HeldTicket, TicketList } from "../fail2ban/ports.ts";
import { isOver, type KnownBan, type ReportedBans } from "./reported_bans.ts";

/** What differs. */
export interface BanDrift {
  /** fail2ban has them; they were never reported, or taken back before. */
  readonly missing: readonly HeldTicket[];
  /** They were reported; fail2ban has them no more. */
  readonly surplus: readonly KnownBan[];
  /** Both have them, with other ends. */
  readonly moved: readonly HeldTicket[];
  /** Neither has them any more. */
  readonly over: readonly BanKey[];
}

/** Ends that differ by less, in milliseconds, are the same: fail2ban counts whole seconds. */
const SAME_END_MS = 2_000;

/**
 * Compares.
 *
 * @param known What was reported.
 * @param list What fail2ban has.
 * @param nowMs Milliseconds since 1970, before the list was asked for.
 */
export function banDrift(
  known: ReportedBans,
  list: TicketList,
  nowMs: number,
): BanDrift {
  const missing: HeldTicket[] = [];
  const moved: HeldTicket[] = [];
  const held = new Set<string>();
  for (const ticket of list.tickets) {
    held.add(keyOf(ticket));
    const ban = known.get(ticket);
    if (ban === undefined || isLater(ticket, ban)) missing.push(ticket);
    else if (ban.state === "reported" && hasMoved(ticket, ban)) {
      moved.push(ticket);
    }
  }
  const surplus: KnownBan[] = [];
  const over: BanKey[] = [];
  for (const ban of known.values()) {
    if (held.has(keyOf(ban)) || ban.notedMs > nowMs) continue;
    if (isOver(ban, nowMs)) over.push(ban);
    else if (list.covers(ban.jail)) surplus.push(ban);
  }
  return { missing, surplus, moved, over };
}

/** Whether a ticket is of a ban after the one that was lifted. */
function isLater(ticket: HeldTicket, ban: KnownBan): boolean {
  return ban.state === "lifted" && ticket.beganMs !== undefined &&
    ticket.beganMs > ban.notedMs;
}

function hasMoved({ endsMs }: HeldTicket, ban: KnownBan): boolean {
  return endsMs !== undefined && endsMs !== ban.endsMs &&
    !(Math.abs(endsMs - ban.endsMs) < SAME_END_MS);
}
