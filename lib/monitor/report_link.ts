/**
 * The port of a monitor's link to the publisher, for either protocol.
 *
 * @module
 */

import type { BanEvent, UnbanReason } from "../ban/ban_event.ts";
import type { Epoch, EventId } from "../base/ids.ts";

/** A report of a monitor. */
export type Report = ReportOfBan | ReportOfUnban;

interface NamedEvent extends BanEvent {
  /** Its ID among this node's events; the same for the same line. */
  readonly id: EventId;
}

/** A ban. */
export interface ReportOfBan extends NamedEvent {
  readonly kind: "ban";
  /**
   * When the ban ends, in milliseconds since 1970 by this host's clock;
   * `Infinity`: never. Ignored by a link that does not carry times.
   */
  readonly expiresMs: number;
  /**
   * When fail2ban made the ban, likewise; `undefined`: unknown, and it counts
   * as made now.
   */
  readonly madeMs?: number | undefined;
}

/** An unban. */
export interface ReportOfUnban extends NamedEvent {
  readonly kind: "unban";
  /** Ignored by a link of protocol 1. */
  readonly why: UnbanReason;
}

/** A way to the publisher. Reports count in the order in which they were submitted. */
export interface ReportLink {
  /** Whether it transmits the ends of bans. */
  readonly carriesTimes: boolean;
  /** What was done so far. */
  readonly counters: { readonly submitted: number };
  /** Number of settled reports, counted from the first. */
  readonly settled: number;
  /** Whether the publisher answers, as far as is known. */
  readonly reachable: boolean;
  /**
   * Submits a report; waits while too many are unsettled.
   *
   * @param report The report.
   * @param signal Aborts the wait; the report was then not taken.
   */
  submit(report: Report, signal: AbortSignal): Promise<void>;
  /**
   * Waits until the publisher has another store. Missing if the protocol does
   * not tell.
   *
   * @param epoch The last known store; `undefined`: none.
   * @param signal Aborts the wait.
   * @returns The epoch of the new store.
   */
  otherEpoch?(epoch: Epoch | undefined, signal: AbortSignal): Promise<Epoch>;
  /** Waits until so many of the reports are done with. */
  waitSettled(count: number, signal: AbortSignal): Promise<void>;
  /**
   * Sends submitted reports until each is answered or the signal aborts. Called
   * once.
   *
   * @param signal Ends it; the promise then resolves.
   */
  run(signal: AbortSignal): Promise<void>;
}
