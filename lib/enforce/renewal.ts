/**
 * Has bans made anew that would end at the enforcer before they should.
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
  /** Notes what is made anew, as it notes what is made. */
  readonly ledger: Pick<LedgerWriter, "recordStart" | "recordOutcome">;
  readonly report: EnforcementReport;
}

/** Pause after a renewal that could not be made. */
const RETRY_MS = 5_000;

/** Renews when it is time to. */
export class Renewal {
  readonly #options: RenewalOptions;
  #nextAtMs = -Infinity;
  #isFailing = false;

  /** @param options Of which action. */
  constructor(options: RenewalOptions) {
    this.#options = options;
  }

  /** When it is time, by the clock that never jumps; `Infinity`: never. */
  get nextAtMs(): number {
    return this.#options.enforcer.renew === undefined
      ? Infinity
      : this.#nextAtMs;
  }

  /** Renews if it is time; what can't be done now is tried again. */
  async renewInTime(signal: AbortSignal): Promise<void> {
    const { enforcer, clock, ledger, plan, report } = this.#options;
    if (clock.monotonicMs() < this.nextAtMs) return;
    const begun: HostBan[] = [];
    let pauseMs: number | undefined = RETRY_MS;
    try {
      const begin = (bans: readonly HostBan[]) => {
        begun.push(...bans);
        // A ban that was gone since is a new one in fail2ban's log.
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
