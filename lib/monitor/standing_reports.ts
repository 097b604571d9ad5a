/**
 * What a monitor has reported before: reported once more, or taken back.
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

/** What such reports are made of. */
export interface StandingReportsOptions {
  /** What was reported; `undefined`: nobody keeps it. */
  readonly known?: ReportedBans | undefined;
  readonly hostName: HostName;
  readonly clock: Clock;
  /** Which addresses are never banned; asked for each ban. */
  readonly protection: CurrentPolicy;
  /** Report nothing, store nothing. */
  readonly dryRun: boolean;
  /** Whether nothing is reported of a jail. */
  readonly isIgnored: (jail: JailName) => boolean;
  /** Hands a report to the link. */
  readonly handOver: (report: Report, signal: AbortSignal) => Promise<void>;
}

/** Lets reports not mix with those of lines. */
export type InTurn = (work: () => Promise<void>) => Promise<void>;

/** Bans that are reported between two looks at lines. */
const AT_ONCE = 500;

/** Goes through what was reported, some at a time, so that lines are reported in between. */
export class StandingReports {
  readonly #options: StandingReportsOptions;

  /** @param options What the reports are made of. */
  constructor(options: StandingReportsOptions) {
    this.#options = options;
  }

  /**
   * Reports once more what stands, to a publisher whose store may not have it.
   *
   * @param signal Ends the waits.
   * @returns How many bans stand.
   */
  async reportAll(inTurn: InTurn, signal: AbortSignal): Promise<number> {
    const { known, hostName: origin, clock, protection } = this.#options;
    return await this.#each(known?.values() ?? [], inTurn, async (listed) => {
      const { jail, address } = listed;
      // What happened since it was listed counts.
      const ban = known?.get(listed);
      const nowMs = clock.nowMs();
      if (ban?.state !== "reported" || ban.endsMs <= nowMs) return false;
      // What came to be protected would count as a bad report.
      if (refusal(address, protection()) !== undefined) return false;
      const id = eventIdOfRepair(`standing ${keyOf(ban)}`, nowMs);
      const { endsMs: expiresMs, notedMs: madeMs } = ban;
      const report = { origin, jail, address, id, expiresMs, madeMs };
      await this.#options.handOver({ ...report, kind: "ban" }, signal);
      return true;
    });
  }

  /**
   * Takes back what was reported of jails of which nothing is reported any more.
   *
   * @param signal Ends the waits.
   * @returns How many bans were taken back.
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
      // Once its jail counts again it is news.
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
