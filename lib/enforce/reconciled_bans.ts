/**
 * The bans of one action: wanted, noted, planned.
 *
 * @module
 */

import type { ActionPlan } from "./action_plan.ts";
import { adoptBans } from "./ban_adoption.ts";
import type { BanUpdate } from "../ban/ban_event.ts";
import type { EnforcementReport } from "./enforcement_report.ts";
import type { HostBanChange } from "./host_bans.ts";
import { localJail } from "../base/jail_map.ts";
import type { LedgerWriter } from "./ledger_writer.ts";
import { keyOf } from "../ban/ban.ts";
import type { ActiveBan, HostBan } from "./enforcer.ts";
import type { WantedReports } from "./ban_ledger.ts";
import {
  type CurrentPolicy,
  type ProtectionPolicy,
  refusal,
} from "../protection/protection_policy.ts";
import type { SteadyClock } from "../async/steady_clock.ts";
import type { Condition } from "../async/tasks.ts";
import { WantedBans, type WantedBansOptions } from "./wanted_bans.ts";

/** How the bans are kept. */
export interface ReconciledBansOptions extends WantedBansOptions {
  /** Time; ends are kept by it. */
  readonly clock: SteadyClock;
  /** Who is never banned; asked for each ban, and looked at again every second. */
  readonly protection: CurrentPolicy;
}

/** Where the bans go. */
export interface ReconciledBansParts {
  readonly plan: ActionPlan;
  readonly noted: LedgerWriter;
  readonly tally: EnforcementReport;
  /** Told when there may be more to do. */
  readonly changed: Condition;
}

/** Keeps what is wanted, what is noted of it and what is planned in step. */
export class ReconciledBans {
  readonly #options: ReconciledBansOptions;
  readonly #parts: ReconciledBansParts;
  readonly #wanted: WantedBans;
  #hasBegun = false;
  /** The rules by which all that is wanted was judged. */
  #policy: ProtectionPolicy | undefined;

  /**
   * @param options How they are kept.
   * @param parts Where they go.
   */
  constructor(options: ReconciledBansOptions, parts: ReconciledBansParts) {
    this.#options = options;
    this.#parts = parts;
    this.#wanted = new WantedBans(options);
  }

  /** Reports that were left out because there were too many bans. */
  get leftOut(): number {
    return this.#wanted.leftOut;
  }

  /** Takes what is told of bans; their ends are by the system's clock. */
  update(events: readonly BanUpdate[]): void {
    const { clock } = this.#options;
    const nowMs = clock.nowMs();
    // What comes later is judged by the rules of its time.
    this.#policy ??= this.#options.protection();
    this.#change(events.flatMap((event) => {
      const { expiresMs } = event;
      const news = expiresMs === undefined
        ? event
        : { ...event, expiresMs: clock.toSteady(expiresMs) };
      return event.kind === "unban" || this.#admits(this.#banOf(news, nowMs))
        ? this.#wanted.update(news, nowMs)
        : [];
    }));
  }

  /**
   * Takes over what was applied before this program was started. May be called
   * again after it threw.
   *
   * @param listed What is in force; `undefined`: nobody tells.
   * @throws {RuntimeError} when the ledger can't be read.
   */
  start(listed: readonly ActiveBan[] | undefined): void {
    const { noted, plan } = this.#parts;
    const { clock, hostName, jailMap, wants = "reports" } = this.#options;
    this.#policy ??= this.#options.protection();
    const adoption = adoptBans(
      { wanted: this.#wanted, plan, hostName, jailMap, wants },
      noted.load(),
      listed,
      clock.nowMs(),
    );
    noted.want(this.#reportsOf(adoption.unnoted));
    noted.recordOutcome(adoption.gone);
    this.#change(this.#wanted.endAdoption());
    this.#refuse(adoption.changes.map(({ ban }) => ban));
    this.#hasBegun = true;
    this.tick();
  }

  /** Ends what is over, takes out what came to be protected, and follows the clock. */
  tick(): void {
    const { clock, protection, wants } = this.#options;
    const { noted } = this.#parts;
    const policy = protection();
    if (policy !== this.#policy) {
      this.#policy = policy;
      this.#refuse(this.#wanted.bans());
    }
    if (noted.isOutdated) {
      noted.wantAll(
        wants === "copy" ? [] : this.#reportsOf(this.#wanted.bans()),
      );
    }
    this.#change(this.#wanted.expire(clock.nowMs()));
    this.forgetExpired();
  }

  /** Forgets what is over; before it is known what is in force, nothing is. */
  forgetExpired(): void {
    if (!this.#hasBegun) return;
    const { plan, noted, tally } = this.#parts;
    const over = plan.adoptAll();
    tally.forget(over);
    noted.recordOutcome(over.map((ban) => ({ ban, state: "none" })));
  }

  #change(changes: readonly HostBanChange[]): void {
    if (changes.length === 0) return;
    const { plan, noted, changed } = this.#parts;
    if (this.#options.wants !== "copy") {
      noted.want(this.#reportsOf(changes.map(({ ban }) => ban)));
    }
    for (const change of changes) plan.update(change);
    this.forgetExpired();
    changed.notify();
  }

  /** Takes out those of some wanted bans that are protected. */
  #refuse(bans: Iterable<HostBan>): void {
    const refused = [...bans].filter((ban) =>
      this.#wanted.find(ban) !== undefined && !this.#admits(ban)
    );
    this.#change(refused.flatMap((ban) => this.#wanted.remove(ban)));
  }

  #admits(ban: HostBan): boolean {
    const refused = refusal(ban.address, this.#options.protection());
    if (refused !== undefined) this.#parts.tally.protected(ban, refused);
    return refused === undefined;
  }

  #banOf(event: BanUpdate, nowMs: number): HostBan {
    const { jailMap, banTimeMs } = this.#options;
    const { origin, jail: reportedJail, address } = event;
    const { expiresMs = nowMs + banTimeMs } = event;
    const jail = localJail(jailMap, reportedJail);
    return { jail, address, origin, reportedJail, expiresMs };
  }

  /** Who wants bans, as the ledger is to know it: what a copy wants is remembered there. */
  #reportsOf(bans: Iterable<HostBan>): readonly WantedReports[] {
    const byKey = new Map<string, HostBan>();
    for (const ban of bans) byKey.set(keyOf(ban), ban);
    return [...byKey.values()].map((ban) => {
      const { jail, address } = ban;
      return this.#options.wants === "copy"
        ? { jail, address, reports: [] }
        : this.#wanted.reportsOf(ban);
    });
  }
}
