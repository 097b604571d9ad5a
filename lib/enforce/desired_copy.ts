/**
 * Desired bans where this host has a complete copy of the cluster's.
 *
 * @module
 */

import type { BanUpdate } from "../ban/ban_event.ts";
import {
  type DesiredBans,
  type DesiredBansOptions,
  type Remembered,
  reportOf,
} from "./desired_bans.ts";
import type { HostBan } from "./enforcer.ts";
import { type HostBanChange, HostBans, NO_CHANGE } from "./host_bans.ts";
import type { WantedReports } from "./ban_ledger.ts";

/**
 * Bans of a complete copy, which is given before the start. Whoever is named as
 * the origin of an update speaks for all nodes. A ledger need not remember what
 * is desired, and what is in force and not in the copy is not desired.
 */
export class DesiredCopy extends HostBans implements DesiredBans {
  readonly isWhole = true;
  readonly #options: DesiredBansOptions;

  /** @param options How updates are read. */
  constructor(options: DesiredBansOptions) {
    super({ ...options, nameOf: ({ reportedJail }) => reportedJail });
    this.#options = options;
  }

  update(update: BanUpdate, nowMs: number): readonly HostBanChange[] {
    const { report, expiresMs } = reportOf(update, this.#options, nowMs);
    return expiresMs === undefined
      ? this.withdraw(report) ?? NO_CHANGE
      : this.report(report, expiresMs);
  }

  remember(reports: readonly HostBan[]): Remembered {
    const notes = reports.map(({ jail, address }) => ({
      jail,
      address,
      reports: [],
    }));
    return { changes: NO_CHANGE, notes };
  }

  adopt(): readonly HostBanChange[] {
    return NO_CHANGE;
  }

  endAdoption(): readonly HostBanChange[] {
    return NO_CHANGE;
  }

  notesOf(): readonly WantedReports[] {
    return [];
  }
}
