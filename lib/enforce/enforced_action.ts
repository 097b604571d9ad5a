/**
 * Keeps the bans of the cluster in force on this host through one enforcer.
 *
 * @module
 */

import { ActionPlan } from "./action_plan.ts";
import type { BanUpdate } from "../ban/ban_event.ts";
import {
  type EnforcedActionCounters,
  EnforcementReport,
} from "./enforcement_report.ts";
import { Comparison } from "./comparison.ts";
import { RuntimeError } from "../base/errors.ts";
import { LedgerWriter } from "./ledger_writer.ts";
import type { PlanBatch } from "./plan_types.ts";
import { Renewal } from "./renewal.ts";
import {
  ReconciledBans,
  type ReconciledBansOptions,
} from "./reconciled_bans.ts";
import type { BanLedger } from "./ban_ledger.ts";
import type {
  ActionStanding,
  ActiveBan,
  BanAction,
  EnforcementFailure,
  Enforcer,
  HostBan,
  ReceiptSink,
} from "./enforcer.ts";
import type { Log } from "../log/log.ts";
import { Backoff } from "../async/backoff.ts";
import { Condition, runTogether } from "../async/tasks.ts";

/** Options for an enforced action. Its enforcer uses the same clock. */
export interface EnforcedActionOptions extends ReconciledBansOptions {
  /** Enforces bans on this host; has no other caller. */
  readonly enforcer: Enforcer;
  /** Remembers the desired bans and those in force over a restart. */
  readonly ledger: BanLedger;
  readonly log: Log;
  /** Interval between comparisons of the desired bans with those in force. */
  readonly resyncEveryMs: number;
  /** Maximum bans handed to the enforcer per second. @default {Infinity} */
  readonly maxPerSecond?: number;
  /** Receives what became of each ban. */
  readonly receipts?: ReceiptSink;
  /** Receives the milliseconds that each call took. Must not throw. */
  readonly onCall?: (tookMs: number) => void;
}

/** Interval between expiry sweeps. */
const EXPIRY_INTERVAL_MS = 1_000;
/** Interval between looks for others' changes, where a look is cheap. */
const LOOK_INTERVAL_MS = 1_000;
/** Pauses while the enforcer can't be reached, doubled each time. */
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 60_000;

/**
 * Reconciles the bans in force at one {@link Enforcer} with the desired ones:
 *
 * 1. desired: {@link ReconciledBans} takes updates and passes them to the plan;
 * 2. difference: {@link ActionPlan} hands out the bans to apply or lift;
 * 3. apply: the enforcer applies and lifts them, one call at a time;
 * 4. record: plan, ledger and report record the outcome.
 *
 * It lists the bans in force every `resyncEveryMs`, after a disturbance of the
 * enforcer, and as soon as somebody else changed them, so that the plan can
 * repair the difference. Where the enforcer can't detect others' changes it
 * lists after each successful call, and every 10 s.
 *
 * @example
 * ```ts ignore
 * const action = new EnforcedAction({ enforcer, desired, ledger, ...others });
 * const running = action.run(signal);
 * await action.act([{ kind: "ban", origin, jail, address }], signal);
 * action.figures; // { applied: 1, ... } soon
 * ```
 */
export class EnforcedAction implements BanAction {
  readonly #options: EnforcedActionOptions;
  readonly #plan: ActionPlan;
  readonly #ledger: LedgerWriter;
  readonly #bans: ReconciledBans;
  readonly #report: EnforcementReport;
  readonly #comparison: Comparison;
  readonly #renewal: Renewal;
  readonly #changed = new Condition();
  /** Why the enforcer can't be reached; `undefined`: it can. */
  #trouble: string | undefined;

  /**
   * Creates an action; it does nothing before it runs.
   *
   * @param options The desired bans, the enforcer and the ledger.
   */
  constructor(options: EnforcedActionOptions) {
    this.#options = options;
    const { enforcer, log, clock, ledger, hostName, maxPerSecond } = options;
    const action = enforcer.name;
    this.#plan = new ActionPlan({
      hostName,
      lapses: enforcer.lapses,
      maxBansAtOnce: enforcer.maxBansAtOnce,
      ...(maxPerSecond === undefined ? {} : { maxPerSecond }),
    });
    this.#report = new EnforcementReport({
      ...{ action, log, clock, receipts: options.receipts },
      jailsOf: (ban) => options.desired.jailsOf(ban),
    });
    const notesBans = enforcer.isAllOurs !== true || !options.desired.isWhole;
    this.#ledger = new LedgerWriter({ action, ledger, clock, log, notesBans });
    this.#bans = new ReconciledBans(options, {
      action,
      plan: this.#plan,
      ledger: this.#ledger,
      report: this.#report,
      changed: this.#changed,
    });
    const parts = { enforcer, clock, plan: this.#plan, report: this.#report };
    this.#comparison = new Comparison({
      ...{ ...parts, bans: this.#bans },
      resyncEveryMs: options.resyncEveryMs,
    });
    this.#renewal = new Renewal({ ...parts, ledger: this.#ledger });
  }

  get name(): string {
    return this.#options.enforcer.name;
  }

  /** What was done so far. */
  get counters(): Readonly<EnforcedActionCounters> {
    return this.#report.counters;
  }

  /** How many of the wanted bans are in force. */
  get standing(): ActionStanding {
    const { name } = this;
    const { wanted, figures: { inForce, failing, refused } } = this.#plan;
    return { name, wanted, inForce, failing, refused };
  }

  /** Age of the known state in seconds; `undefined`: it is never listed. */
  get inForceAgeSeconds(): number | "unknown" | undefined {
    return this.#comparison.ageSeconds;
  }

  /** Why bans are not in force; `undefined`: no reason is known. */
  get lastReason(): string | undefined {
    const { trouble } = this.#comparison;
    return this.#trouble ?? trouble ?? this.#plan.figures.lastReason;
  }

  /** What was done, what waits, and why, for `status`. */
  get figures(): Readonly<Record<string, string | number>> {
    const { lastReason: _, ...plan } = this.#plan.figures;
    const { leftOut } = this.#options.desired;
    const { untold } = this.#report;
    const { inForceAgeSeconds, lastReason: reason } = this;
    return {
      ...this.counters,
      ...plan,
      ...(inForceAgeSeconds === undefined ? {} : { inForceAgeSeconds }),
      ...(leftOut === 0 ? {} : { leftOut }),
      ...(untold === 0 ? {} : { receiptsUntold: untold }),
      ...(reason === undefined ? {} : { lastReason: reason }),
    };
  }

  /** Sends receipts for the bans in force, some in each step. */
  tellInForce(): Generator<void, void, undefined> {
    return this.#report.inForceStill(this.#plan);
  }

  /** Sends some receipts that found no room before; returns if more remain. */
  tellUntold(): boolean {
    return this.#report.tellUntold(this.#plan);
  }

  /** Plans the updates; {@link EnforcedAction.run} carries them out. */
  act(updates: readonly BanUpdate[], _signal: AbortSignal): Promise<void> {
    this.#bans.update(updates);
    return Promise.resolve();
  }

  /**
   * Carries out the plan until aborted. Begins with the bans already in force.
   *
   * @param signal Ends it; the promise then resolves.
   */
  async run(signal: AbortSignal): Promise<void> {
    // New updates don't wait for a long list.
    if (this.#options.enforcer.isUnchanged !== undefined) this.#plan.hold();
    try {
      await runTogether(signal, [
        (group) => this.#reconcile(group),
        (group) => this.#expire(group),
      ]);
    } finally {
      this.#report.flush();
    }
  }

  /**
   * Lifts all bans of this action, instead of running. For an action whose copy
   * of the bans is not available.
   *
   * @param signal Ends it; the promise then rejects with its reason.
   * @throws {RuntimeError} when a ban can't be lifted at the moment.
   */
  async liftAll(signal: AbortSignal): Promise<void> {
    await this.#start(signal);
    while (true) {
      const { failing, lastReason, waiting } = this.#plan.figures;
      if (failing > 0) {
        throw new RuntimeError(`not all bans are lifted: ${lastReason}`);
      }
      if (waiting === 0) return this.#report.flush();
      await this.#carryOutNext(signal);
      this.#bans.forgetFinished();
    }
  }

  /** Calls that change something are made one at a time. */
  async #reconcile(signal: AbortSignal): Promise<void> {
    await this.#startWithRetries(signal);
    const isWatched = this.#options.enforcer.isUnchanged !== undefined;
    await runTogether(signal, [
      (group) => this.#carryOut(group),
      ...(isWatched ? [(group: AbortSignal) => this.#watch(group)] : []),
    ]);
  }

  async #carryOut(signal: AbortSignal): Promise<void> {
    while (true) {
      await this.#comparison.compareWhenDue(signal);
      await this.#renewal.renewInTime(signal);
      await this.#carryOutNext(signal, this.#comparison.dueAtMs);
    }
  }

  /** Watches for others' changes, concurrently with everything else. */
  async #watch(signal: AbortSignal): Promise<void> {
    while (true) {
      await this.#options.clock.delay(LOOK_INTERVAL_MS, signal);
      await this.#comparison.watch(signal);
    }
  }

  async #startWithRetries(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const backoff = new Backoff({
      firstPauseMs: FIRST_PAUSE_MS,
      maxPauseMs: MAX_PAUSE_MS,
    });
    while (!await this.#attempt(() => this.#start(signal))) {
      await clock.delay(backoff.next(), signal);
    }
  }

  /** Takes over the bans that an earlier run applied. */
  async #start(signal: AbortSignal): Promise<void> {
    const { enforcer } = this.#options;
    await enforcer.check(signal);
    const listed = enforcer.isUnchanged === undefined
      ? await this.#comparison.list(signal)
      : await this.#listBesideNews(signal);
    this.#comparison.begin();
    this.#bans.start(listed);
    this.#report.begun(this.#plan.figures.inForce);
  }

  /**
   * Lists the bans in force while new bans and lifts are carried out.
   *
   * @returns `undefined` when it fails: all bans are then applied anew.
   */
  async #listBesideNews(
    signal: AbortSignal,
  ): Promise<readonly ActiveBan[] | undefined> {
    this.#bans.prepare();
    let isOver = false;
    const list = async () => {
      try {
        return await this.#comparison.tryList(signal);
      } finally {
        isOver = true;
        this.#changed.notify();
      }
    };
    const carryOutNews = async () => {
      while (!isOver) await this.#carryOutNext(signal);
    };
    const [listed, news] = await Promise.allSettled([list(), carryOutNews()]);
    if (news.status === "rejected") throw news.reason;
    if (listed.status === "rejected") throw listed.reason;
    return listed.value;
  }

  /** Carries out the next batch, or waits for one or a due comparison. */
  async #carryOutNext(
    signal: AbortSignal,
    compareAtMs = Infinity,
  ): Promise<void> {
    const batch = this.#plan.next(this.#options.clock.monotonicMs());
    this.#bans.forgetFinished();
    if (batch === undefined) {
      return await this.#waitForWork(signal, compareAtMs);
    }
    if (batch.verb === "apply") this.#ledger.recordStart(batch.bans);
    try {
      this.#record(batch, await this.#apply(batch, signal));
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      this.#recordFailure(batch, error);
    }
  }

  async #waitForWork(signal: AbortSignal, compareAtMs: number): Promise<void> {
    const { clock } = this.#options;
    const { nextAtMs = Infinity } = this.#plan;
    const { nextAtMs: renewAtMs } = this.#renewal;
    const dueMs = Math.min(nextAtMs, renewAtMs, compareAtMs) -
      clock.monotonicMs();
    await runTogether(signal, [
      (group) => this.#changed.wait(group),
      (group) => clock.delay(Math.max(0, dueMs), group),
    ]);
    signal.throwIfAborted();
  }

  async #apply(
    { verb, bans }: PlanBatch,
    signal: AbortSignal,
  ): Promise<readonly EnforcementFailure[]> {
    const { enforcer, clock, onCall } = this.#options;
    const startMs = clock.monotonicMs();
    try {
      return verb === "apply"
        ? await enforcer.apply(bans, signal)
        : await enforcer.lift(bans, signal);
    } finally {
      onCall?.(clock.monotonicMs() - startMs);
    }
  }

  #record(batch: PlanBatch, failures: readonly EnforcementFailure[]): void {
    const nowMs = this.#options.clock.monotonicMs();
    const stateOf = (ban: HostBan) => this.#plan.stateOf(ban);
    this.#plan.record(batch, failures, nowMs);
    this.#ledger.recordOutcomeOf(batch.bans, stateOf);
    this.#report.done(batch, failures, stateOf);
    this.#comparison.noteWorked();
    this.#report.worked(this.#plan.figures.failing);
  }

  /** The state of a batch's bans is unknown when the whole batch failed. */
  #recordFailure(batch: PlanBatch, error: RuntimeError): void {
    const nowMs = this.#options.clock.monotonicMs();
    this.#plan.fail(batch, error.message, nowMs);
    this.#report.failed(batch, error);
    this.#comparison.noteFailed();
  }

  async #expire(signal: AbortSignal): Promise<void> {
    while (true) {
      await this.#options.clock.delay(EXPIRY_INTERVAL_MS, signal);
      this.#bans.tick();
    }
  }

  /** Makes an attempt; returns whether it succeeded. */
  async #attempt(attempt: () => Promise<void>): Promise<boolean> {
    try {
      await attempt();
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      this.#trouble = error.message;
      this.#report.troubled(error);
      return false;
    }
    this.#trouble = undefined;
    this.#report.worked(this.#plan.figures.failing);
    return true;
  }
}
