/**
 * The port of the subscriber's memory on disk. All times are the system's, in
 * milliseconds since 1970: a file outlives the process and its clock.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { HostBan } from "./enforcer.ts";
import type { JailName } from "../base/jail_name.ts";
import type { PlanState } from "./plan_types.ts";

/** Who wants a ban in force, and until when. */
export interface WantedReports {
  /** The jail of this host. */
  readonly jail: JailName;
  /** The banned address. */
  readonly address: Address;
  /** The ban as each reporter wants it; empty: nobody wants it. */
  readonly reports: readonly HostBan[];
}

/** A ban and whether an action put it in force. */
export interface BanState {
  /** Which ban. */
  readonly ban: HostBan;
  /** Whether the action put it in force. */
  readonly state: PlanState;
}

/** What a ledger knows of an action. */
export interface LedgerContents {
  /** The bans that are wanted, one for each reporter; some may have ended. */
  readonly reports: readonly HostBan[];
  /** The bans that the action put in force, or may have. */
  readonly marks: readonly BanState[];
}

/**
 * Remembers on disk which bans should be in force on this host, which ones the
 * subscriber put in force, and when. After a restart the subscriber then knows
 * what it may lift, and the host's monitor does not report the subscriber's
 * bans as the host's own. Every method throws a `RuntimeError` when the ledger
 * can't be read or written.
 */
export interface BanLedger {
  /**
   * Records who wants bans in force; replaces what was recorded of these bans.
   *
   * @param action Whose bans: `Enforcer.name`.
   */
  want(action: string, wanted: readonly WantedReports[]): void;
  /** Records bans that are about to be applied. */
  recordStart(action: string, bans: readonly HostBan[], nowMs: number): void;
  /** Records the outcome of bans; one that was only tried keeps its record. */
  recordOutcome(action: string, bans: readonly BanState[], nowMs: number): void;
  /** A copy of what was recorded. */
  load(action: string): LedgerContents;
  /**
   * Records that an action may have bans in force, without naming them: its
   * enforcer lists them, and every listed ban is its own. Earlier records of
   * its bans are deleted.
   */
  recordUse(action: string): void;
  /** Records that an action has no bans in force any more. */
  recordEnd(action: string): void;
  /** Whether an action may have something in force. */
  isInUse(action: string): boolean;
}
