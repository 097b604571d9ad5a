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
import { RuntimeError } from "../base/errors.ts";
import { LedgerWriter } from "./ledger_writer.ts";
import type { PlanBatch } from "./plan_types.ts";
import {
  ReconciledBans,
  type ReconciledBansOptions,
} from "./reconciled_bans.ts";
import type { BanAction } from "./ban_action.ts";
import type { BanLedger } from "./ban_ledger.ts";
import type { ActiveBan, Enforcer, HostBan, ReceiptSink } from "./enforcer.ts";
import type { Log } from "../log/log.ts";
import { Condition, runTogether } from "../async/tasks.ts";
import { isOurs } from "./wanted_bans.ts";

/** What an enforced action is made of. Its clock is the enforcer's, too. */
export interface EnforcedActionOptions extends ReconciledBansOptions {
  /** What enforces bans here; nobody else calls it. */
  readonly enforcer: Enforcer;
  /** Where it is noted what is wanted and what is in force. */
  readonly ledger: BanLedger;
  /** Where to tell. */
  readonly log: Log;
  /** So often what should be in force is compared with what is, in milliseconds. */
  readonly resyncEveryMs: number;
  /** Bans handed to the enforcer in a second at most. @default {Infinity} */
  readonly maxPerSecond?: number;
  /** Told what became of each ban. */
  readonly receipts?: ReceiptSink;
}

/** Ended bans are looked for so often, in milliseconds. */
const LAPSE_EVERY_MS = 1_000;
/** Pauses while the enforcer can't even be asked, in milliseconds. */
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 60_000;

/**
 * Acts through an {@link Enforcer}: plans, tries again, repairs.
 *
 * @example
 * ```ts ignore
 * const action = new EnforcedAction({ enforcer, ledger, clock, ...others });
 * const running = action.run(signal);
 * await action.act([{ kind: "ban", origin, jail, address }], signal);
 * action.figures; // { applied: 1, ... } soon
 * ```
 */
export class EnforcedAction implements BanAction {
  readonly #options: EnforcedActionOptions;
  readonly #plan: ActionPlan;
  readonly #noted: LedgerWriter;
  readonly #bans: ReconciledBans;
  readonly #tally: EnforcementReport;
  readonly #changed = new Condition();
  #resyncAtMs = Infinity;
  /** Whether a batch failed, so that what is in force may not be what it was. */
  #isDoubtful = false;
  #disturbances = 0;
  /** Why the enforcer can't be asked; `undefined`: it can. */
  #trouble: string | undefined;

  /**
   * Makes an action; it does nothing before it runs.
   *
   * @param options What the action is made of.
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
    const { receipts } = options;
    this.#tally = new EnforcementReport({ action, log, clock, receipts });
    this.#noted = new LedgerWriter({ action, ledger, clock, log });
    this.#bans = new ReconciledBans(options, {
      plan: this.#plan,
      noted: this.#noted,
      tally: this.#tally,
      changed: this.#changed,
    });
  }

  get name(): string {
    return this.#options.enforcer.name;
  }

  /** What was done so far. */
  get counters(): Readonly<EnforcedActionCounters> {
    return this.#tally.counters;
  }

  /** What was done, what waits and why, for `status`. */
  get figures(): Readonly<Record<string, string | number>> {
    const { lastReason, ...plan } = this.#plan.figures;
    const { leftOut } = this.#bans;
    const reason = this.#trouble ?? lastReason;
    return {
      ...this.counters,
      ...plan,
      ...(leftOut === 0 ? {} : { leftOut }),
      ...(reason === undefined ? {} : { lastReason: reason }),
    };
  }

  /** Plans what the events ask for; {@link EnforcedAction.run} does it. */
  act(events: readonly BanUpdate[], _signal: AbortSignal): Promise<void> {
    this.#bans.update(events);
    return Promise.resolve();
  }

  /**
   * Does what is planned, until aborted. Begins with what is in force already.
   *
   * @param signal Ends it; the promise then resolves.
   */
  async run(signal: AbortSignal): Promise<void> {
    try {
      await runTogether(signal, [
        (group) => this.#work(group),
        (group) => this.#expire(group),
      ]);
    } finally {
      this.#tally.flush();
    }
  }

  /**
   * Lifts all that was put in force, instead of running. For an action whose
   * wants come from a copy that was not given.
   *
   * @param signal Ends it; the promise then rejects with its reason.
   * @throws {RuntimeError} when something can't be lifted, now.
   */
  async liftAll(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    await this.#start(signal);
    while (true) {
      const { failing, lastReason, waiting } = this.#plan.figures;
      if (failing > 0) {
        throw new RuntimeError(`not all bans are lifted: ${lastReason}`);
      }
      if (waiting === 0) return this.#tally.flush();
      const work = this.#plan.next(clock.monotonicMs());
      if (work !== undefined) await this.#carryOut(work, signal);
      else await this.#waitForWork(signal);
      this.#bans.forgetExpired();
    }
  }

  /** The enforcer takes one call at a time, so all of them are made here. */
  async #work(signal: AbortSignal): Promise<void> {
    const { clock, enforcer } = this.#options;
    await this.#startWithRetries(signal);
    while (true) {
      const { disturbances = 0 } = enforcer;
      const isDisturbed = disturbances !== this.#disturbances;
      const isDue = clock.monotonicMs() >= this.#resyncAtMs;
      this.#disturbances = disturbances;
      if (isDue || isDisturbed) await this.#resync(signal);
      const work = this.#plan.next(clock.monotonicMs());
      this.#bans.forgetExpired();
      if (work === undefined) await this.#waitForWork(signal);
      else await this.#carryOut(work, signal);
    }
  }

  async #startWithRetries(signal: AbortSignal): Promise<void> {
    const { clock, resyncEveryMs } = this.#options;
    let pauseMs = FIRST_PAUSE_MS;
    while (!await this.#attempt(() => this.#start(signal))) {
      await clock.delay(pauseMs, signal);
      pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
    }
    this.#resyncAtMs = clock.monotonicMs() + resyncEveryMs;
  }

  /** Takes over what was applied before this program was started. */
  async #start(signal: AbortSignal): Promise<void> {
    const { enforcer } = this.#options;
    await enforcer.check(signal);
    const listed = await enforcer.list(signal);
    this.#disturbances = enforcer.disturbances ?? 0;
    this.#bans.start(listed);
    this.#tally.begun(this.#plan.figures.inForce);
  }

  async #waitForWork(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const { nextAtMs = Infinity } = this.#plan;
    const dueMs = Math.min(nextAtMs, this.#resyncAtMs) - clock.monotonicMs();
    await runTogether(signal, [
      (group) => this.#changed.wait(group),
      (group) => clock.delay(Math.max(0, dueMs), group),
    ]);
    signal.throwIfAborted();
  }

  async #carryOut(work: PlanBatch, signal: AbortSignal): Promise<void> {
    const { enforcer, clock } = this.#options;
    const { verb, bans } = work;
    const stateOf = (ban: HostBan) => this.#plan.stateOf(ban);
    if (verb === "apply") this.#noted.recordStart(bans);
    try {
      const failures = verb === "apply"
        ? await enforcer.apply(bans, signal)
        : await enforcer.lift(bans, signal);
      this.#plan.record(work, failures, clock.monotonicMs());
      this.#noted.recordOutcome(
        bans.map((ban) => ({ ban, state: stateOf(ban) })),
      );
      this.#tally.done(work, failures, stateOf);
      if (this.#isDoubtful) this.#resyncAtMs = clock.monotonicMs();
      this.#isDoubtful = false;
      this.#tally.worked(this.#plan.figures.failing);
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      this.#plan.fail(work, error.message, clock.monotonicMs());
      this.#tally.failed(work, error.message);
      this.#isDoubtful = true;
    }
  }

  async #expire(signal: AbortSignal): Promise<void> {
    while (true) {
      await this.#options.clock.delay(LAPSE_EVERY_MS, signal);
      this.#bans.tick();
    }
  }

  /** One that can't be made now holds back nothing, and is made later. */
  async #resync(signal: AbortSignal): Promise<void> {
    const { clock, resyncEveryMs } = this.#options;
    const isDone = await this.#attempt(() => this.#compare(signal));
    const pauseMs = isDone ? resyncEveryMs : MAX_PAUSE_MS;
    this.#resyncAtMs = clock.monotonicMs() +
      Math.min(pauseMs, resyncEveryMs);
  }

  async #compare(signal: AbortSignal): Promise<void> {
    const { enforcer, clock } = this.#options;
    const listed = await enforcer.list(signal);
    if (listed === undefined) return;
    // What ended while the list was made is no difference.
    this.#bans.tick();
    const nowMs = clock.nowMs();
    const isOver = ({ expiresMs = Infinity }: ActiveBan) =>
      enforcer.lapses && expiresMs <= nowMs;
    const there = listed.filter((ban) => !isOver(ban));
    this.#tally.compared(this.#plan.reconcile(there, isOurs, nowMs));
  }

  /** Makes an attempt that the operator may have to help. */
  async #attempt(attempt: () => Promise<void>): Promise<boolean> {
    try {
      await attempt();
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      this.#trouble = error.message;
      this.#tally.troubled(error.message);
      return false;
    }
    this.#trouble = undefined;
    this.#tally.worked(this.#plan.figures.failing);
    return true;
  }
}
