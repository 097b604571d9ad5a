/**
 * The desired bans of a host with a complete copy of the cluster's bans.
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
 * The bans of a complete copy, which is loaded before the start. The origin of
 * an update speaks for all nodes. The ledger need not record desired bans, and
 * a ban in force that the copy lacks is not desired.
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
