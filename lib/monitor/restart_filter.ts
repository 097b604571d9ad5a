/**
 * Decides what the lines of fail2ban's log mean for the other nodes.
 *
 * fail2ban up to 1.1.0 writes an ordinary `Unban` for every ticket when the
 * server or a jail stops or a reload fails, and `Restore Ban` once it is back.
 * Shared unfiltered, these lines would lift every ban of the cluster.
 *
 * - If fail2ban's database can be read, it decides: a manual unban deletes the
 *   ticket's row before the line is written, an expired ticket's row is past
 *   its end, and a row still in force means a stop.
 * - Otherwise an unban is held for a while. It is dropped when the log says
 *   that the server or the jail stopped, or that the ticket was restored.
 *
 * The errors are on the safe side: an unban dropped wrongly leaves the address
 * banned until the ban expires, and a held unban never counts as a manual one.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { UnbanReason } from "../ban/ban_event.ts";
import type { EventId } from "../base/ids.ts";
import { CLUSTER_JAIL, type JailName } from "../base/jail_name.ts";
import type { LogEvent } from "../fail2ban/log_line.ts";
import type { TicketState } from "../fail2ban/ports.ts";

/** A ban or unban to share with the other nodes. */
export type Detection = DetectedBan | DetectedUnban;

interface Detected extends Ticket {
  /** The ID of its line. */
  readonly id: EventId;
}

/** A ban to share with the other nodes. */
export interface DetectedBan extends Detected {
  readonly kind: "ban";
  /** Its duration in milliseconds, if the line says so. */
  readonly lastsMs?: number;
}

/** An unban to share with the other nodes. */
export interface DetectedUnban extends Detected {
  readonly kind: "unban";
  /** The reason, as far as line and database tell. */
  readonly why: UnbanReason;
}

/** Options for {@link RestartFilter}. */
export interface RestartFilterOptions {
  /** Hold time of unbans if the database can't be asked, in milliseconds. */
  readonly unbanHoldMs: number;
  /**
   * Maximum number of held unbans; above it the oldest is dropped.
   * @default {100000}
   */
  readonly maxHeld?: number;
  /** Whether a prolonged ban is shared again. @default {false} */
  readonly sharesIncreases?: boolean;
}

/** A held unban. */
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
  /** The ID of the line. */
  readonly id: EventId;
}

/** The ticket that a line names. */
interface Ticket {
  /** The jail that decided. */
  readonly jail: JailName;
  /** The banned address. */
  readonly address: Address;
}

/** Follows one fail2ban through its restarts. */
export class RestartFilter {
  readonly #unbanHoldMs: number;
  readonly #maxHeld: number;
  readonly #sharesIncreases: boolean;
  /** The held unbans; those of a jail in the order of their release. */
  readonly #held = new Map<JailName, Map<Address, HeldUnban>>();
  #heldCount = 0;
  #stopping = false;

  /** @param options See {@link RestartFilterOptions}. */
  constructor(options: RestartFilterOptions) {
    this.#unbanHoldMs = options.unbanHoldMs;
    this.#maxHeld = options.maxHeld ?? 100_000;
    this.#sharesIncreases = options.sharesIncreases ?? false;
  }

  /** Number of held unbans. */
  get heldCount(): number {
    return this.#heldCount;
  }

  /** Whether the unban of a line is held. */
  holds({ jail, address, id }: HeldLine): boolean {
    return this.#held.get(jail)?.get(address)?.id === id;
  }

  /**
   * Takes the next event.
   *
   * @param event The event of a line.
   * @param state The database's state of an unban's ticket.
   * @param nowMs A clock that never jumps, in milliseconds.
   * @param id The event's ID.
   * @returns The detections to share.
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
   * Releases held unbans.
   *
   * @param nowMs The same clock as for `push`.
   * @returns The unbans whose hold has ended: nothing contradicted them.
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

  /** When `tick` has work; `undefined` while nothing is held. */
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
    // This event replaces any unban of the ticket that is held.
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

/** Events in the cluster's own jail are the cluster's own doing. */
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
