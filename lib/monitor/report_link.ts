/**
 * What a monitor needs of its way to the publisher, whichever protocol that
 * speaks.
 *
 * @module
 */

import type { BanEvent, UnbanReason } from "../ban/ban_event.ts";
import type { Receipt } from "../ban/receipt.ts";
import type { Epoch, EventId } from "../base/ids.ts";

/** What a monitor reports. */
export type Report = ReportOfBan | ReportOfUnban;

interface NamedEvent extends BanEvent {
  /** Names it among those of this node; the same for the same line. */
  readonly id: EventId;
}

/** A ban. */
export interface ReportOfBan extends NamedEvent {
  readonly kind: "ban";
  /**
   * When the ban ends, in milliseconds since 1970 by this host's clock;
   * `Infinity`: never. Means nothing for a link that does not carry times.
   */
  readonly expiresMs: number;
  /**
   * When fail2ban made the ban, likewise; `undefined`: nobody says, and it
   * counts as made now.
   */
  readonly madeMs?: number | undefined;
}

/** An unban. */
export interface ReportOfUnban extends NamedEvent {
  readonly kind: "unban";
  /** Means nothing for a link of protocol 1. */
  readonly why: UnbanReason;
}

/** What became of a ban of this host in its own fail2ban. */
export interface OwnWord extends Omit<Receipt, "agoMs"> {
  /** When, in milliseconds since 1970 by this host's clock. */
  readonly atMs: number;
}

/** A way to the publisher. Reports count in the order in which they were submitted. */
export interface ReportLink {
  /** Whether it tells when bans end. */
  readonly carriesTimes: boolean;
  /** What was done so far. */
  readonly counters: { readonly submitted: number };
  /** How many of the reports, counted from the first, are done with. */
  readonly settled: number;
  /** Whether the publisher answers, as far as one can tell. */
  readonly reachable: boolean;
  /**
   * Hands a report over; waits while too many are not done with.
   *
   * @param report What to report.
   * @param signal Ends the wait; the report was not taken then.
   */
  submit(report: Report, signal: AbortSignal): Promise<void>;
  /**
   * Waits until the publisher is known to have another store. Missing where
   * the protocol does not tell.
   *
   * @param epoch Names the store that it is known to have; `undefined`: none.
   * @param signal Ends the wait.
   * @returns Which store it has.
   */
  otherEpoch?(epoch: Epoch | undefined, signal: AbortSignal): Promise<Epoch>;
  /**
   * Tells what became of a ban, after the reports before it. Missing where the
   * protocol can't.
   */
  tell?(word: OwnWord): void;
  /** Waits until so many of the reports are done with. */
  waitSettled(count: number, signal: AbortSignal): Promise<void>;
  /**
   * Sends what is submitted until it is answered; until aborted. Called once.
   *
   * @param signal Ends it; the promise then resolves.
   */
  run(signal: AbortSignal): Promise<void>;
}
