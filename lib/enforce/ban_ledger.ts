/**
 * The port of what a subscriber remembers on disk. All times are the system's,
 * in milliseconds since 1970: a file outlives the process and its clock.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { HostBan } from "./enforcer.ts";
import type { JailName } from "../base/jail_name.ts";
import type { PlanState } from "./plan_types.ts";

/** Who wants a ban in force, and until when each. */
export interface WantedReports {
  /** The jail of this host. */
  readonly jail: JailName;
  /** Whom it concerns. */
  readonly address: Address;
  /** The ban as each reporter wants it; nobody: it is not wanted. */
  readonly reports: readonly HostBan[];
}

/** A ban and whether it is in force by an action's doing. */
export interface BanState {
  /** Which ban. */
  readonly ban: HostBan;
  /** Whether it is in force by the action's doing. */
  readonly state: PlanState;
}

/** What a ledger knows of an action. */
export interface LedgerContents {
  /** The bans that are wanted, once for each who reported them; the end of some may be past. */
  readonly reports: readonly HostBan[];
  /** The bans that are in force by the action's doing, or may be. */
  readonly marks: readonly BanState[];
}

/**
 * Remembers on disk what should be in force on this host, so that a restart
 * does not forget it, and what the subscriber put in force and when, so that a
 * restart knows what it may lift and the host's monitor does not report it as
 * the host's own. Every method throws a `RuntimeError` when it can't.
 */
export interface BanLedger {
  /**
   * Notes who wants bans in force, instead of what was noted of them before.
   *
   * @param action Whose bans: `Enforcer.name`.
   */
  want(action: string, wanted: readonly WantedReports[]): void;
  /** Notes, before it is done, that bans are about to be put in force. */
  recordStart(action: string, bans: readonly HostBan[], nowMs: number): void;
  /** Notes what became of bans; one that was only tried stays as it was noted. */
  recordOutcome(action: string, bans: readonly BanState[], nowMs: number): void;
  /** What was noted, as a copy. */
  load(action: string): LedgerContents;
  /**
   * Notes that an action may have bans in force, without which: it lists them,
   * and all that it lists are its own. What was noted of its bans is forgotten.
   */
  recordUse(action: string): void;
  /** Notes that an action has nothing in force any more. */
  recordEnd(action: string): void;
  /** Whether an action may have something in force. */
  isInUse(action: string): boolean;
}
