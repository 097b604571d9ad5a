/**
 * Repeats or takes back a monitor's earlier reports.
 *
 * @module
 */

import { keyOf } from "../ban/ban.ts";
import type { Clock } from "../async/clock.ts";
import type { HostName } from "../base/host_name.ts";
import type { JailName } from "../base/jail_name.ts";
import { eventIdOfRepair } from "./event_id.ts";
import {
  type CurrentPolicy,
  refusal,
} from "../protection/protection_policy.ts";
import type { Report } from "./report_link.ts";
import type { KnownBan, ReportedBans } from "./reported_bans.ts";

/** Options for {@link StandingReports}. */
export interface StandingReportsOptions {
  /** The reported bans; `undefined`: they are not recorded. */
  readonly known?: ReportedBans | undefined;
  readonly hostName: HostName;
  readonly clock: Clock;
  /** The protected addresses; asked for each ban. */
  readonly protection: CurrentPolicy;
  /** Whether nothing is reported and nothing stored. */
  readonly dryRun: boolean;
  /** Whether a jail is not reported. */
  readonly isIgnored: (jail: JailName) => boolean;
  /** Submits a report to the link. */
  readonly handOver: (report: Report, signal: AbortSignal) => Promise<void>;
}

/** Keeps reports apart from those of lines. */
export type InTurn = (work: () => Promise<void>) => Promise<void>;

/** Number of bans between two turns of the lines. */
const AT_ONCE = 500;

/**
 * Goes through the reported bans in parts, so that lines are reported in
 * between.
 */
export class StandingReports {
  readonly #options: StandingReportsOptions;

  /** @param options See {@link StandingReportsOptions}. */
  constructor(options: StandingReportsOptions) {
    this.#options = options;
  }

  /**
   * Reports all standing bans again, to a publisher whose store may lack them.
   *
   * @param signal Aborts the waits.
   * @returns Number of standing bans.
   */
  async reportAll(inTurn: InTurn, signal: AbortSignal): Promise<number> {
    const { known, hostName: origin, clock, protection } = this.#options;
    return await this.#each(known?.values() ?? [], inTurn, async (listed) => {
      const { jail, address } = listed;
      // Changes since it was listed count.
      const ban = known?.get(listed);
      const nowMs = clock.nowMs();
      if (ban?.state !== "reported" || ban.endsMs <= nowMs) return false;
      // A ban of an address that is now protected would count as a bad report.
      if (refusal(address, protection()) !== undefined) return false;
      const id = eventIdOfRepair(`standing ${keyOf(ban)}`, nowMs);
      const { endsMs: expiresMs, notedMs: madeMs } = ban;
      const report = { origin, jail, address, id, expiresMs, madeMs };
      await this.#options.handOver({ ...report, kind: "ban" }, signal);
      return true;
    });
  }

  /**
   * Takes back the bans of jails that are no longer reported.
   *
   * @param signal Aborts the waits.
   * @returns Number of bans taken back.
   */
  async takeBackIgnored(inTurn: InTurn, signal: AbortSignal): Promise<number> {
    const { known, hostName: origin, clock, dryRun, isIgnored } = this.#options;
    if (known === undefined || dryRun) return 0;
    const all = [...known.values()].filter(({ jail }) => isIgnored(jail));
    return await this.#each(all, inTurn, async (ban) => {
      const { jail, address, state, endsMs } = ban;
      const nowMs = clock.nowMs();
      const stands = state === "reported" && endsMs > nowMs;
      if (stands) {
        const id = eventIdOfRepair(`ignored ${keyOf(ban)}`, nowMs);
        const report = { origin, jail, address, id, why: "ended" } as const;
        await this.#options.handOver({ ...report, kind: "unban" }, signal);
      }
      // If the jail is reported again, the ban is news.
      known.forget(ban);
      return stands;
    });
  }

  async #each(
    bans: Iterable<KnownBan>,
    inTurn: InTurn,
    report: (ban: KnownBan) => Promise<boolean>,
  ): Promise<number> {
    let count = 0;
    const all = [...bans];
    for (let at = 0; at < all.length; at += AT_ONCE) {
      await inTurn(async () => {
        for (const ban of all.slice(at, at + AT_ONCE)) {
          if (await report(ban)) count++;
        }
      });
    }
    return count;
  }
}
