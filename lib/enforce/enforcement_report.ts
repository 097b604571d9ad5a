/**
 * Reports what became of bans at one enforcer: in figures, log and receipts.
 *
 * @module
 */

import type { RuntimeError } from "../base/errors.ts";
import { TroubleLog } from "../log/trouble_log.ts";
import { LogThrottle } from "../log/log_throttle.ts";
import { keyOf } from "../ban/ban.ts";
import type { Drift, PlanBatch, PlanState } from "./plan_types.ts";
import type { Clock } from "../async/clock.ts";
import type {
  ActionReceipt,
  EnforcementFailure,
  HostBan,
  ReceiptSink,
} from "./enforcer.ts";
import type { Log } from "../log/log.ts";
import type { Refusal } from "../protection/protection_policy.ts";

/** What an enforced action has done so far. */
export interface EnforcedActionCounters {
  /** Bans applied. */
  applied: number;
  /** Bans lifted. */
  lifted: number;
  /** Bans that were to be applied or lifted and were not; they are tried again. */
  failures: number;
  /** Bans of protected addresses: left out, or taken out when they came to be protected. */
  protected: number;
  /** Bans that were found not to be in force though they should have been. */
  missing: number;
  /** Bans that were found in force though nobody wanted them. */
  surplus: number;
  /** Comparisons that could not be made; each is tried again. */
  comparisonsFailed: number;
}

/** Options for a report. */
export interface EnforcementReportOptions {
  /** Name of the enforcer. */
  readonly action: string;
  readonly log: Log;
  /** The process's steady clock: receipts have its time. */
  readonly clock: Clock;
  /** Told of each ban. */
  readonly receipts?: ReceiptSink | undefined;
}

/** Counts what was done, and tells the log and the publisher of it. */
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
  /** The enforcer as a whole. */
  readonly #troubles: TroubleLog;
  /** Comparisons. */
  readonly #unknown: TroubleLog;
  /** Single bans. */
  readonly #failures: TroubleLog;
  readonly #refusals: LogThrottle;
  /** Why each ban that is not as it should be is not, so that it is told once. */
  readonly #told = new Map<string, string>();

  /** @param options Of which enforcer, and to whom. */
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
  }

  /** The enforcer works, and holds so many bans of before. */
  begun(inForce: number): void {
    const { log, action } = this.#options;
    log.record("info", "action works", { action, inForce });
  }

  /** The enforcer could not do anything. */
  troubled({ message, hint }: RuntimeError): void {
    this.#troubles.report(message, { hint });
  }

  /** The enforcer could do something; `failing` of its bans can't be done. */
  worked(failing: number): void {
    this.#troubles.resolve();
    if (failing === 0) this.#failures.resolve();
  }

  /**
   * A batch was done, but for some bans.
   *
   * @param batch The batch.
   * @param failures The bans that did not go well.
   * @param stateOf Whether a ban is in force by this action's doing now.
   */
  done(
    { verb, bans }: PlanBatch,
    failures: readonly EnforcementFailure[],
    stateOf: (ban: HostBan) => PlanState,
  ): void {
    const reasons = new Map(
      failures.map((failure) => [keyOf(failure.ban), failure]),
    );
    for (const ban of bans) {
      const failure = reasons.get(keyOf(ban));
      const isPresent = failure?.kind === "present";
      if (failure !== undefined && !isPresent) this.#failed(failure);
      else if (isPresent && stateOf(ban) === "none") this.#hosted(failure);
      else this.#succeeded(verb === "apply" ? "applied" : "lifted", ban);
    }
  }

  /** A batch failed as a whole. */
  failed({ bans }: PlanBatch, { message, hint }: RuntimeError): void {
    this.counters.failures += bans.length;
    this.#troubles.report(message, { bans: bans.length, hint });
    for (const ban of bans) this.#receipt(ban, "failed", message);
  }

  /** A desired ban came to be protected, and was taken out. */
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
    this.#receipt(ban, "refused", `${rule}: ${because}`);
  }

  /** What is in force was compared with what should be. */
  compared({ missing, surplus }: Drift): void {
    const { log, action } = this.#options;
    this.#unknown.resolve();
    this.counters.missing += missing;
    this.counters.surplus += surplus;
    if (missing + surplus === 0) return;
    const event = "what is in force differed";
    log.record("warning", event, { action, missing, surplus });
  }

  /** What is in force could not be compared. */
  notCompared(reason: string): void {
    this.counters.comparisonsFailed++;
    this.#unknown.report(reason);
  }

  /** Bans are over: neither wanted nor in force. */
  forget(bans: readonly HostBan[]): void {
    for (const ban of bans) this.#told.delete(keyOf(ban));
  }

  /** Logs how many records were kept back by the throttle, if any were. */
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
      if (this.#receipt(ban, "refused", reason)) {
        const fields = { action, jail, address, reason };
        log.record("warning", "ban refused", fields);
      }
      return;
    }
    this.counters.failures++;
    this.#failures.report(reason, { jail, address });
    this.#receipt(ban, "failed", reason);
  }

  #hosted({ ban, reason }: EnforcementFailure): void {
    const { log, action } = this.#options;
    const { jail, address } = ban;
    log.record("info", "the host bans it itself", { action, jail, address });
    this.#receipt(ban, "applied", reason);
  }

  #succeeded(outcome: "applied" | "lifted", ban: HostBan): void {
    const { log, action } = this.#options;
    const { origin: node, jail, address } = ban;
    this.counters[outcome]++;
    log.record("notice", `ban ${outcome}`, { action, node, jail, address });
    this.#told.delete(keyOf(ban));
    this.#receipt(ban, outcome, "");
  }

  /** @returns Whether this was not told of the ban before. */
  #receipt(
    ban: HostBan,
    outcome: ActionReceipt["outcome"],
    detail: string,
  ): boolean {
    const { action, receipts, clock } = this.#options;
    const { reportedJail: jail, address } = ban;
    if (outcome === "failed" || outcome === "refused") {
      const key = keyOf(ban);
      if (this.#told.get(key) === detail) return false;
      this.#told.set(key, detail);
    }
    const atMs = clock.nowMs();
    receipts?.add({ jail, address, action, outcome, detail, atMs });
    return true;
  }
}
