/**
 * Renews bans that would end at the enforcer before their time.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { RuntimeError } from "../base/errors.ts";
import type { ActionPlan } from "./action_plan.ts";
import type { EnforcementReport } from "./enforcement_report.ts";
import type { Enforcer, HostBan } from "./enforcer.ts";
import type { LedgerWriter } from "./ledger_writer.ts";

/** Options for the renewals of one action. */
export interface RenewalOptions {
  readonly enforcer: Enforcer;
  readonly clock: Clock;
  readonly plan: ActionPlan;
  /** Records renewed bans, as it records applied ones. */
  readonly ledger: Pick<LedgerWriter, "recordStart" | "recordOutcome">;
  readonly report: EnforcementReport;
}

/** Pause after a failed renewal. */
const RETRY_MS = 5_000;

/** Renews bans when a renewal is due. */
export class Renewal {
  readonly #options: RenewalOptions;
  #nextAtMs = -Infinity;
  #isFailing = false;

  /** @param options The action's parts. */
  constructor(options: RenewalOptions) {
    this.#options = options;
  }

  /**
   * When a renewal is due, by the clock that never jumps; `Infinity`: never.
   */
  get nextAtMs(): number {
    return this.#options.enforcer.renew === undefined
      ? Infinity
      : this.#nextAtMs;
  }

  /** Renews if a renewal is due; a failed one is tried again later. */
  async renewInTime(signal: AbortSignal): Promise<void> {
    const { enforcer, clock, ledger, plan, report } = this.#options;
    if (clock.monotonicMs() < this.nextAtMs) return;
    const begun: HostBan[] = [];
    let pauseMs: number | undefined = RETRY_MS;
    try {
      const begin = (bans: readonly HostBan[]) => {
        begun.push(...bans);
        // A ban that had disappeared is a new one in fail2ban's log.
        ledger.recordStart(bans);
      };
      pauseMs = await enforcer.renew?.(plan.standing(), begin, signal);
      if (this.#isFailing) report.worked(plan.figures.failing);
      this.#isFailing = false;
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      this.#isFailing = true;
      report.troubled(error);
    }
    ledger.recordOutcome(begun.map((ban) => ({ ban, state: "applied" })));
    this.#nextAtMs = clock.monotonicMs() + (pauseMs ?? Infinity);
  }
}
