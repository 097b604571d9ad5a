/**
 * Compares the bans of a host's fail2ban with those that its monitor has
 * reported. Pure: lists in, differences out.
 *
 * | fail2ban has it | reported                      | unknown, or lifted before it began | left out, or lifted since |
 * | --------------- | ----------------------------- | ---------------------------------- | ------------------------- |
 * | yes             | report its end, if it differs | report it                          | nothing                   |
 * | no              | take it back                  | nothing                            | forget it                 |
 *
 * @module
 */

import { type BanKey, keyOf } from "../ban/ban.ts";
import type { HeldTicket, TicketList } from "../fail2ban/ports.ts";
import { isOver, type KnownBan, type ReportedBans } from "./reported_bans.ts";

/** The differences. */
export interface BanDrift {
  /** fail2ban has them; they were never reported, or were taken back before. */
  readonly missing: readonly HeldTicket[];
  /** They were reported; fail2ban no longer has them. */
  readonly surplus: readonly KnownBan[];
  /** Both sides have them, with different ends. */
  readonly moved: readonly HeldTicket[];
  /** Neither side has them any more. */
  readonly over: readonly BanKey[];
}

/**
 * Ends that differ by less are equal, in milliseconds: fail2ban counts whole
 * seconds.
 */
const SAME_END_MS = 2_000;

/**
 * Compares both sides.
 *
 * @param known The reported bans.
 * @param list fail2ban's bans.
 * @param nowMs Milliseconds since 1970, before the list was requested.
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

/** Whether a ticket belongs to a ban made after the lifted one. */
function isLater(ticket: HeldTicket, ban: KnownBan): boolean {
  return ban.state === "lifted" && ticket.beganMs !== undefined &&
    ticket.beganMs > ban.notedMs;
}

function hasMoved({ endsMs }: HeldTicket, ban: KnownBan): boolean {
  return endsMs !== undefined && endsMs !== ban.endsMs &&
    !(Math.abs(endsMs - ban.endsMs) < SAME_END_MS);
}
