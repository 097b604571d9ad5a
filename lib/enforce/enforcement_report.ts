/**
 * Reports what became of bans at one enforcer: as counters, log records and
 * receipts.
 *
 * @module
 */

import type { ActionPlan } from "./action_plan.ts";
import type { RuntimeError } from "../base/errors.ts";
import { TroubleLog } from "../log/trouble_log.ts";
import { LogThrottle } from "../log/log_throttle.ts";
import { ReportLog } from "../log/report_log.ts";
import { JailReceipts } from "./jail_receipts.ts";
import type { HostBanChange } from "./host_bans.ts";
import { BanMap } from "../ban/ban_map.ts";
import type { JailName } from "../base/jail_name.ts";
import type { Drift, PlanBatch, PlanState } from "./plan_types.ts";
import type { Clock } from "../async/clock.ts";
import type { EnforcementFailure, HostBan, ReceiptSink } from "./enforcer.ts";
import type { Log } from "../log/log.ts";
import type { Refusal } from "../protection/protection_policy.ts";

/** What an enforced action has done so far. */
export interface EnforcedActionCounters {
  /** Bans applied. */
  applied: number;
  /** Bans lifted. */
  lifted: number;
  /** Bans that failed to be applied or lifted; they are tried again. */
  failures: number;
  /** Bans of protected addresses: refused, or removed once protected. */
  protected: number;
  /** Bans that should have been in force and were not. */
  missing: number;
  /** Bans that were in force although nobody wanted them. */
  surplus: number;
  /** Comparisons that failed; each is tried again. */
  comparisonsFailed: number;
}

/** Options for a report. */
export interface EnforcementReportOptions {
  /** Name of the enforcer. */
  readonly action: string;
  readonly log: Log;
  /** The process's steady clock: receipts use its time. */
  readonly clock: Clock;
  /** Receives the receipts of each ban. */
  readonly receipts?: ReceiptSink | undefined;
  /** The jails that report a ban now. */
  readonly jailsOf: (ban: HostBan) => readonly JailName[];
}

/** Number of unsolicited receipts in a step. */
const TOLD_AT_ONCE = 2_000;

/** Counts outcomes, and reports them to the log and the publisher. */
export class EnforcementReport {
  /** What was done so far. */
  readonly counters: EnforcedActionCounters = {
    applied: 0,
    lifted: 0,
    failures: 0,
    protected: 0,
    missing: 0,
    surplus: 0,
    comparisonsFailed: 0,
  };
  readonly #options: EnforcementReportOptions;
  /** Trouble of the enforcer as a whole. */
  readonly #troubles: TroubleLog;
  /** Trouble of comparisons. */
  readonly #unknown: TroubleLog;
  /** Trouble of single bans. */
  readonly #failures: TroubleLog;
  readonly #refusals: LogThrottle;
  /** Bans of a batch that succeeded. */
  readonly #succeeding: Readonly<Record<"applied" | "lifted", ReportLog>>;
  readonly #receipts: JailReceipts;
  /** Bans in force whose receipts wait for room. */
  readonly #untold = new BanMap<HostBan>();

  /** @param options Which enforcer, and who receives its reports. */
  constructor(options: EnforcementReportOptions) {
    const { action, log, clock } = options;
    this.#options = options;
    this.#troubles = new TroubleLog({
      log,
      clock,
      trouble: "action failed, and is tried again",
      over: "action works again",
      fields: { action },
    });
    this.#unknown = new TroubleLog({
      log,
      clock,
      trouble: "what is in force can't be listed, and is asked for again",
      over: "what is in force is known again",
      fields: { action },
    });
    this.#failures = new TroubleLog({
      log,
      clock,
      trouble: "ban failed, and is tried again",
      over: "no ban fails any more",
      fields: { action },
    });
    this.#refusals = new LogThrottle(log, clock);
    this.#succeeding = {
      applied: new ReportLog(log, "applied", { action }),
      lifted: new ReportLog(log, "lifted", { action }),
    };
    this.#receipts = new JailReceipts(options);
  }

  /**
   * Sends receipts again for the bans in force, some in each step.
   *
   * @param plan Knows which are in force.
   */
  *inForceStill(
    plan: Pick<ActionPlan, "standing" | "isSettled">,
  ): Generator<void, void, undefined> {
    const bans = plan.standing();
    for (let at = 0; at < bans.length; at += TOLD_AT_ONCE) {
      const atMs = this.#options.clock.nowMs();
      for (const ban of bans.slice(at, at + TOLD_AT_ONCE)) {
        if (plan.isSettled(ban)) this.#receipts.applied(ban, "", atMs);
      }
      yield;
    }
  }

  /** Number of receipts that wait for room. */
  get untold(): number {
    return this.#untold.size;
  }

  /**
   * Sends some of the receipts that found no room before.
   *
   * @param plan Knows which bans are still in force.
   * @returns Whether there are more.
   */
  tellUntold(plan: Pick<ActionPlan, "isSettled">): boolean {
    let told = 0;
    const atMs = this.#options.clock.nowMs();
    for (const ban of this.#untold.values()) {
      if (told++ >= TOLD_AT_ONCE) return true;
      this.#untold.delete(ban);
      if (plan.isSettled(ban)) this.#receipts.applied(ban, "", atMs);
    }
    return false;
  }

  /** Reports that the enforcer works, with the number of bans taken over. */
  begun(inForce: number): void {
    const { log, action } = this.#options;
    log.record("info", "action works", { action, inForce });
  }

  /** Reports that the enforcer failed. */
  troubled({ message, hint }: RuntimeError): void {
    this.#troubles.report(message, { hint });
  }

  /** Reports that the enforcer works; `failing` of its bans still fail. */
  worked(failing: number): void {
    this.#troubles.resolve();
    if (failing === 0) this.#failures.resolve();
  }

  /**
   * Reports a batch, with the bans that failed.
   *
   * @param batch The batch.
   * @param failures The bans that failed.
   * @param stateOf Whether this action has a ban in force now.
   */
  done(
    { verb, bans }: PlanBatch,
    failures: readonly EnforcementFailure[],
    stateOf: (ban: HostBan) => PlanState,
  ): void {
    const reasons = new BanMap<EnforcementFailure>();
    for (const failure of failures) reasons.set(failure.ban, failure);
    const atMs = this.#options.clock.nowMs();
    const outcome = verb === "apply" ? "applied" : "lifted";
    for (const ban of bans) {
      const failure = reasons.get(ban);
      const isPresent = failure?.kind === "present";
      if (failure !== undefined && !isPresent) this.#failed(failure);
      else if (isPresent && stateOf(ban) === "none") this.#hosted(failure);
      else this.#succeeded(outcome, ban, atMs);
    }
    this.#succeeding[outcome].flush();
  }

  /** Reports that a batch failed as a whole. */
  failed({ bans }: PlanBatch, { message, hint }: RuntimeError): void {
    this.counters.failures += bans.length;
    this.#troubles.report(message, { bans: bans.length, hint });
    for (const ban of bans) this.#receipts.failed(ban, "failed", message);
  }

  /**
   * Reports a change of the desired bans.
   *
   * @param change What changed.
   * @param isSettled Whether the ban is already in force as wanted.
   */
  changed(change: HostBanChange, isSettled: boolean): void {
    this.#receipts.changed(change, isSettled);
  }

  /**
   * Reports that a desired ban was removed because its address is now
   * protected.
   */
  protected(ban: HostBan, { rule, because }: Refusal): void {
    const { action } = this.#options;
    const { origin: node, address } = ban;
    this.counters.protected++;
    this.#refusals.record("warning", "refused a protected address", {
      action,
      node,
      address,
      rule,
      because,
    });
    this.#receipts.failed(ban, "refused", `${rule}: ${because}`);
  }

  /** Reports the result of a comparison. */
  compared({ missing, surplus }: Drift): void {
    const { log, action } = this.#options;
    this.#unknown.resolve();
    this.counters.missing += missing;
    this.counters.surplus += surplus;
    if (missing + surplus === 0) return;
    const event = "what is in force differed";
    log.record("warning", event, { action, missing, surplus });
  }

  /** Reports a comparison that failed. */
  notCompared(reason: string): void {
    this.counters.comparisonsFailed++;
    this.#unknown.report(reason);
  }

  /** Forgets bans that are neither wanted nor in force. */
  forget(bans: readonly HostBan[]): void {
    for (const ban of bans) this.#receipts.forget(ban);
  }

  /** Logs how many records the throttle suppressed, if any. */
  flush(): void {
    this.#troubles.flush();
    this.#unknown.flush();
    this.#failures.flush();
    this.#refusals.flush();
  }

  #failed({ ban, reason, kind }: EnforcementFailure): void {
    const { log, action } = this.#options;
    const { jail, address } = ban;
    if (kind === "refused") {
      if (this.#receipts.failed(ban, "refused", reason)) {
        const fields = { action, jail, address, reason };
        log.record("warning", "ban refused", fields);
      }
      return;
    }
    this.counters.failures++;
    this.#failures.report(reason, { jail, address });
    this.#receipts.failed(ban, "failed", reason);
  }

  #hosted({ ban, reason }: EnforcementFailure): void {
    const { log, action } = this.#options;
    const { jail, address } = ban;
    log.record("info", "the host bans it itself", { action, jail, address });
    this.#receipts.applied(ban, reason);
  }

  #succeeded(
    outcome: "applied" | "lifted",
    ban: HostBan,
    atMs: number,
  ): void {
    const { receipts } = this.#options;
    const { origin: node, jail, address, change } = ban;
    this.counters[outcome]++;
    this.#succeeding[outcome].add({ kind: "ban", node, jail, address, change });
    if (outcome === "lifted") this.#receipts.lifted(ban);
    else if (receipts?.hasRoom === false) this.#untold.set(ban, ban);
    else this.#receipts.applied(ban, "", atMs);
  }
}
