/**
 * What the lines of fail2ban's log mean for the other nodes.
 *
 * fail2ban up to 1.1.0 writes an ordinary `Unban` for every ticket when the
 * server or a jail stops, also when a reload fails, and `Restore Ban` once it
 * is back. Shared as they are, these lines would lift every ban of the cluster.
 *
 * - Where fail2ban's database can be asked, it decides: a manual unban deletes
 *   the ticket's row before the line is written, an expired ticket's row is past
 *   its end, and a row still in force means a stop.
 * - Where it can't, an unban is held for a while, and dropped when the log says
 *   that the server or the jail stopped, or that the ticket was restored.
 *
 * What is dropped wrongly stays banned until it expires; that is the safe side.
 * So is it to take an unban that was held for no unban by hand.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { UnbanReason } from "../ban/ban_event.ts";
import type { EventId } from "../base/ids.ts";
import { CLUSTER_JAIL, type JailName } from "../base/jail_name.ts";
import type { LogEvent } from "../fail2ban/log_line.ts";
import type { TicketState } from "../fail2ban/ports.ts";

/** A ban or unban that the other nodes should hear of. */
export type Detection = DetectedBan | DetectedUnban;

interface Detected extends Ticket {
  /** Of the line that said so. */
  readonly id: EventId;
}

/** A ban that the other nodes should hear of. */
export interface DetectedBan extends Detected {
  readonly kind: "ban";
  /** How long the ban lasts, in milliseconds, where the line says so. */
  readonly lastsMs?: number;
}

/** An unban that the other nodes should hear of. */
export interface DetectedUnban extends Detected {
  readonly kind: "unban";
  /** Why, as far as the line and the database say. */
  readonly why: UnbanReason;
}

/** How a session is set up. */
export interface RestartFilterOptions {
  /** How long an unban is held when the database can't be asked, in milliseconds. */
  readonly unbanHoldMs: number;
  /** Unbans held at most; above it the oldest is dropped. @default {100000} */
  readonly maxHeld?: number;
  /** Whether a ban that lasts longer than it did is shared once more. @default {false} */
  readonly sharesIncreases?: boolean;
}

/** An unban that is held. */
interface HeldUnban {
  readonly id: EventId;
  readonly deadlineMs: number;
}

/** The line of an unban. */
export interface HeldLine {
  /** The jail of the line. */
  readonly jail: JailName;
  /** The address of the line. */
  readonly address: Address;
  /** Of the line. */
  readonly id: EventId;
}

/** What a line says of a ticket. */
interface Ticket {
  /** The jail that decided. */
  readonly jail: JailName;
  /** Whom it concerns. */
  readonly address: Address;
}

/** Follows one fail2ban through its restarts. */
export class RestartFilter {
  readonly #unbanHoldMs: number;
  readonly #maxHeld: number;
  readonly #sharesIncreases: boolean;
  /** The held unbans. A jail's come in the order of release. */
  readonly #held = new Map<JailName, Map<Address, HeldUnban>>();
  #heldCount = 0;
  #stopping = false;

  /** Makes a session of what it works with. */
  constructor(options: RestartFilterOptions) {
    this.#unbanHoldMs = options.unbanHoldMs;
    this.#maxHeld = options.maxHeld ?? 100_000;
    this.#sharesIncreases = options.sharesIncreases ?? false;
  }

  /** Unbans that are held now. */
  get heldCount(): number {
    return this.#heldCount;
  }

  /** Whether the unban of that line is held. */
  holds({ jail, address, id }: HeldLine): boolean {
    return this.#held.get(jail)?.get(address)?.id === id;
  }

  /**
   * Takes the next event.
   *
   * @param event What a line said.
   * @param state What the database says of an unban's ticket.
   * @param nowMs A clock that never jumps, in milliseconds.
   * @param id Names what the line said.
   * @returns What to share because of it.
   */
  push(
    event: LogEvent,
    state: TicketState,
    nowMs: number,
    id: EventId,
  ): readonly Detection[] {
    switch (event.kind) {
      case "ban":
        this.#stopping = false;
        this.#release(event.jail, event.address);
        return share({
          kind: "ban",
          jail: event.jail,
          address: event.address,
          id,
        });
      case "increase":
        return this.#sharesIncreases ? increased(event, id) : [];
      case "unban":
        return this.#unban(event, state, nowMs, id);
      case "restore":
        this.#stopping = false;
        this.#release(event.jail, event.address);
        return [];
      case "server_stopping":
        this.#stopping = true;
        this.#held.clear();
        this.#heldCount = 0;
        return [];
      case "server_starting":
      case "jail_started":
        this.#stopping = false;
        return [];
      case "jail_stopped":
        this.#heldCount -= this.#held.get(event.jail)?.size ?? 0;
        this.#held.delete(event.jail);
        return [];
      case "repeal":
      case "action_failed":
      case "refused":
        return [];
    }
  }

  /**
   * Lets time pass.
   *
   * @param nowMs The same clock as for `push`.
   * @returns The unbans whose time is over: nothing spoke against them.
   */
  tick(nowMs: number): readonly Detection[] {
    const due: { event: Detection; deadlineMs: number }[] = [];
    for (const [jail, tickets] of this.#held) {
      for (const [address, { id, deadlineMs }] of tickets) {
        if (deadlineMs > nowMs) break;
        const event = unban({ jail, address }, id, "ended");
        due.push({ event, deadlineMs });
      }
    }
    for (const { event } of due) this.#release(event.jail, event.address);
    return due.sort((left, right) => left.deadlineMs - right.deadlineMs)
      .map(({ event }) => event);
  }

  /** When `tick` has something to do; `undefined` while nothing is held. */
  nextDeadlineMs(): number | undefined {
    let nextMs: number | undefined;
    for (const tickets of this.#held.values()) {
      for (const { deadlineMs } of tickets.values()) {
        nextMs = Math.min(nextMs ?? deadlineMs, deadlineMs);
        break;
      }
    }
    return nextMs;
  }

  #unban(
    event: Ticket,
    state: TicketState,
    nowMs: number,
    id: EventId,
  ): readonly Detection[] {
    // Whatever was held of this ticket before, this is the last word.
    this.#release(event.jail, event.address);
    switch (state) {
      case "expired":
        return share(unban(event, id, "ended"));
      case "gone":
        // A ban made right before a stop may have no row yet.
        return this.#stopping ? [] : share(unban(event, id, "lifted"));
      case "in_force":
        return [];
      case "unknown":
        if (!this.#stopping && event.jail !== CLUSTER_JAIL) {
          this.#hold(event, nowMs, id);
        }
        return [];
    }
  }

  #hold({ jail, address }: Ticket, nowMs: number, id: EventId): void {
    if (this.#heldCount >= this.#maxHeld) this.#dropOldest();
    const tickets = this.#held.get(jail) ?? new Map<Address, HeldUnban>();
    const deadlineMs = nowMs + this.#unbanHoldMs;
    this.#held.set(jail, tickets.set(address, { id, deadlineMs }));
    this.#heldCount++;
  }

  #dropOldest(): void {
    const oldestMs = this.nextDeadlineMs();
    for (const [jail, tickets] of this.#held) {
      for (const [address, { deadlineMs }] of tickets) {
        if (deadlineMs === oldestMs) return this.#release(jail, address);
        break;
      }
    }
  }

  #release(jail: JailName, address: Address): void {
    const tickets = this.#held.get(jail);
    if (tickets?.delete(address) !== true) return;
    this.#heldCount--;
    if (tickets.size === 0) this.#held.delete(jail);
  }
}

/** What happens in the cluster's own jail is the cluster's own doing. */
function share(found: Detection): readonly Detection[] {
  return found.jail === CLUSTER_JAIL ? [] : [found];
}

function unban(
  { jail, address }: Ticket,
  id: EventId,
  why: UnbanReason,
): DetectedUnban {
  return { kind: "unban", jail, address, id, why };
}

function increased(
  event: LogEvent & { readonly kind: "increase" },
  id: EventId,
): readonly Detection[] {
  const { jail, address, durationSeconds: lasts } = event;
  const lastsMs = lasts === "permanent" ? Infinity : lasts * 1_000;
  return share({ kind: "ban", jail, address, id, lastsMs });
}
