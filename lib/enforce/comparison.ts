/**
 * Compares the bans in force with those that should be.
 *
 * @module
 */

import { inTime } from "../async/tasks.ts";
import type { BanKey } from "../ban/ban.ts";
import { RuntimeError } from "../base/errors.ts";
import type { ActionPlan } from "./action_plan.ts";
import { isOurs } from "./desired_bans.ts";
import type { EnforcementReport } from "./enforcement_report.ts";
import type { ActiveBan, Enforcer } from "./enforcer.ts";
import type { ReconciledBans } from "./reconciled_bans.ts";
import type { SteadyClock } from "../async/steady_clock.ts";

/** Options for the comparisons of one action. */
export interface ComparisonOptions {
  readonly enforcer: Enforcer;
  readonly clock: SteadyClock;
  readonly plan: ActionPlan;
  readonly bans: ReconciledBans;
  readonly report: EnforcementReport;
  /**
   * Interval between resyncs, which also retry bans that were refused for good.
   */
  readonly resyncEveryMs: number;
}

/**
 * Lists may take only a part of the time: the rest after a list is this many
 * times as long as the list took.
 */
const REST_FACTOR = 5;
/**
 * Shortest rest after any list, in case somebody else changes the firewall all
 * the time.
 */
const MIN_REST_MS = 2_000;
/**
 * Interval between lists when nobody watches for others' changes and no command
 * is sent.
 */
const IDLE_INTERVAL_MS = 10_000;
/**
 * Maximum age of the known state, if a list takes at most a third of this.
 * Health reports an age above one minute.
 */
const AGE_LIMIT_MS = 55_000;
/**
 * Timeout of a list that holds back commands: twice what the last list took,
 * doubled after each timeout.
 */
const MIN_TIMEOUT_MS = 2_000;
const MAX_TIMEOUT_MS = 60_000;
/** Pause after a failed comparison. */
const RETRY_PAUSE_MS = 60_000;

/** Compares when a comparison is due, and knows the age of its knowledge. */
export class Comparison {
  readonly #options: ComparisonOptions;
  #knownAtMs: number | undefined;
  #restUntilMs = -Infinity;
  /**
   * When the last list ended, with or without success; `Infinity`: there was
   * none.
   */
  #listedAtMs = Infinity;
  #timeoutMs = MIN_TIMEOUT_MS;
  #trouble: string | undefined;
  /** Whether a comparison left work to do; that work triggers no comparison. */
  #isRepairing = false;
  #resyncAtMs = Infinity;
  #disturbances = 0;
  /** Whether a batch failed, so that the known state may be wrong. */
  #isDoubtful = false;
  /** Whether a command just succeeded, so that a comparison delays nobody. */
  #isAnswered = false;
  /** Whether the enforcer can list. */
  #lists = true;

  /** @param options The action's parts. */
  constructor(options: ComparisonOptions) {
    this.#options = options;
  }

  /**
   * Seconds since the bans in force were known for certain; `undefined`: the
   * enforcer never lists.
   */
  get ageSeconds(): number | "unknown" | undefined {
    const { clock } = this.#options;
    if (!this.#lists) return undefined;
    if (this.#knownAtMs === undefined) return "unknown";
    return Math.ceil((clock.monotonicMs() - this.#knownAtMs) / 1_000);
  }

  /** Why the bans in force can't be listed; `undefined`: they can. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** When to compare; `Infinity`: the watch for others' changes does it. */
  get dueAtMs(): number {
    if (this.#isWatched) return Infinity;
    return Math.min(this.#resyncAtMs, this.#tooOldAtMs);
  }

  /** Begins the resyncs: the bans in force are known. */
  begin(): void {
    const { clock, enforcer, resyncEveryMs } = this.#options;
    this.#disturbances = enforcer.disturbances ?? 0;
    this.#resyncAtMs = clock.monotonicMs() + resyncEveryMs;
  }

  /** Records that a batch did not fail as a whole. */
  noteWorked(): void {
    if (this.#isDoubtful) {
      this.#resyncAtMs = this.#options.clock.monotonicMs();
    }
    this.#isDoubtful = false;
    this.#isAnswered = this.#isDueAfterCommand();
  }

  /**
   * Records that a batch failed as a whole: nobody knows which of its bans are
   * in force.
   */
  noteFailed(): void {
    this.#isDoubtful = true;
  }

  /** Compares if a comparison is due and nobody watches for others' changes. */
  async compareWhenDue(signal: AbortSignal): Promise<void> {
    if (this.#isWatched) return;
    const isTooOld = this.#options.clock.monotonicMs() >= this.#tooOldAtMs;
    if (this.#takeResync()) {
      await this.#resync(signal);
    } else if (this.#isAnswered || isTooOld) {
      const isDone = await this.#compareInTime(signal, false);
      if (!isDone) this.#resyncWithin(RETRY_PAUSE_MS);
    }
    this.#isAnswered = false;
  }

  /** Compares if a resync is due; otherwise looks for others' changes. */
  async watch(signal: AbortSignal): Promise<void> {
    if (this.#takeResync()) await this.#resync(signal);
    else await this.#look(signal);
  }

  get #isWatched(): boolean {
    return this.#options.enforcer.isUnchanged !== undefined;
  }

  /**
   * When the known state is too old. After a failed comparison the resync tries
   * again, and after a failed batch the next batch shows whether the enforcer
   * answers.
   */
  get #tooOldAtMs(): number {
    const isWaiting = this.#isDoubtful || this.#trouble !== undefined;
    return isWaiting || !this.#lists
      ? Infinity
      : Math.max(this.#restUntilMs, this.#listedAtMs + IDLE_INTERVAL_MS);
  }

  /**
   * @returns Whether a resync is due: at its time, or after a new disturbance.
   */
  #takeResync(): boolean {
    const { clock, enforcer: { disturbances = 0 } } = this.#options;
    const isDisturbed = disturbances !== this.#disturbances;
    this.#disturbances = disturbances;
    return isDisturbed || clock.monotonicMs() >= this.#resyncAtMs;
  }

  /** Compares. A failure holds back nothing: the comparison is made later. */
  async #resync(signal: AbortSignal): Promise<void> {
    const isDone = this.#isWatched
      ? await this.#restore(signal)
      : await this.#compareInTime(signal, true);
    this.#resyncAtMs = Infinity;
    this.#resyncWithin(this.#options.resyncEveryMs);
    if (!isDone) this.#resyncWithin(RETRY_PAUSE_MS);
  }

  #resyncWithin(pauseMs: number): void {
    const atMs = this.#options.clock.monotonicMs() + pauseMs;
    this.#resyncAtMs = Math.min(this.#resyncAtMs, atMs);
  }

  /**
   * Whether to compare after a successful command: an enforcer that just
   * answered can list without a delay for others. Not while a difference is
   * being repaired, because a repair may never succeed.
   */
  #isDueAfterCommand(): boolean {
    const { plan } = this.#options;
    if (this.#isWatched || !this.#lists) return false;
    const isRepairing = this.#isRepairing;
    if (plan.figures.waiting === plan.figures.failing) {
      this.#isRepairing = false;
    }
    return !isRepairing && this.#isRested;
  }

  /**
   * Lists the bans in force.
   *
   * @returns `undefined` when the enforcer can't know them.
   * @throws {RuntimeError} when they can't be listed at the moment.
   */
  async list(signal: AbortSignal): Promise<readonly ActiveBan[] | undefined> {
    const { clock, enforcer } = this.#options;
    const beganMs = clock.monotonicMs();
    try {
      const listed = await enforcer.list(signal);
      this.#lists = listed !== undefined;
      if (this.#lists) this.#knownAtMs = beganMs;
      this.#timeoutMs = timeoutAfter(clock.monotonicMs() - beganMs);
      return listed;
    } finally {
      const endedMs = clock.monotonicMs();
      this.#listedAtMs = endedMs;
      this.#restUntilMs = endedMs + this.#restAfter(endedMs - beganMs);
    }
  }

  #restAfter(listMs: number): number {
    const restMs = Math.min(REST_FACTOR * listMs, AGE_LIMIT_MS - 2 * listMs);
    return Math.max(this.#isWatched ? MIN_REST_MS : 0, listMs, restMs);
  }

  /** Lists like `list`, but records a failure instead of throwing. */
  async tryList(
    signal: AbortSignal,
  ): Promise<readonly ActiveBan[] | undefined> {
    let listed: readonly ActiveBan[] | undefined;
    await this.#attempt(async () => {
      listed = await this.list(signal);
    });
    return listed;
  }

  /**
   * Looks whether somebody else changed the bans in force. If so, prepares the
   * enforcer again and compares.
   */
  async #look(signal: AbortSignal): Promise<void> {
    await this.#attempt(async () => {
      const { clock, enforcer } = this.#options;
      const askedAtMs = clock.monotonicMs();
      if (
        await enforcer.isUnchanged?.(signal) === true ||
        this.#putBack(await enforcer.takeDeleted?.(signal))
      ) {
        this.#knownAtMs = askedAtMs;
        this.#trouble = undefined;
      } else if (this.#isRested) {
        await this.#restore(signal);
      }
    });
  }

  /**
   * Plans the bans that somebody deleted.
   *
   * @returns Whether all of them are known.
   */
  #putBack(deleted: readonly BanKey[] | undefined): boolean {
    if (deleted === undefined) return false;
    const { bans, plan, report } = this.#options;
    const missing = deleted.filter((ban) => plan.isSettled(ban));
    for (const ban of deleted) plan.miss(ban);
    report.compared({ missing: missing.length, surplus: 0 });
    bans.wake();
    return true;
  }

  /**
   * Prepares the enforcer again and compares.
   *
   * @returns Whether both succeeded.
   */
  async #restore(signal: AbortSignal): Promise<boolean> {
    return await this.#attempt(async () => {
      const failure = await failureOf(this.#options.enforcer.check(signal));
      // What can't be prepared again is missing all the same.
      await this.#compare(signal);
      if (failure !== undefined) throw failure;
    });
  }

  /**
   * Compares within a timeout, so that commands wait only briefly.
   *
   * @param signal Aborts it.
   * @param retriesRefused Whether bans that were refused for good are tried
   * again.
   * @returns Whether it succeeded.
   */
  async #compareInTime(
    signal: AbortSignal,
    retriesRefused: boolean,
  ): Promise<boolean> {
    return await this.#attempt(async () => {
      const { clock } = this.#options;
      const timeoutMs = this.#timeoutMs;
      const work = async (ended: AbortSignal) => {
        await this.#compare(ended, retriesRefused);
        return true;
      };
      if (await inTime(clock, timeoutMs, signal, work)) return;
      this.#timeoutMs = timeoutAfter(timeoutMs);
      throw new RuntimeError(`no list within ${timeoutMs / 1_000} s`);
    });
  }

  get #isRested(): boolean {
    return this.#options.clock.monotonicMs() >= this.#restUntilMs;
  }

  async #compare(signal: AbortSignal, retriesRefused = true): Promise<void> {
    const { bans, clock, enforcer, plan, report } = this.#options;
    plan.beginComparison();
    const listed = await this.list(signal);
    if (listed === undefined) return;
    // A ban that ended while the list was made is no difference.
    bans.tick();
    const nowMs = clock.nowMs();
    const isOver = ({ expiresMs = Infinity }: ActiveBan) =>
      enforcer.lapses && expiresMs <= nowMs;
    const there = listed.filter((ban) => !isOver(ban));
    const steps = plan.reconcile(there, isOurs, nowMs, retriesRefused);
    let step = steps.next();
    while (step.done !== true) {
      // Other work goes on while a large table is compared.
      await clock.delay(0, signal);
      step = steps.next();
    }
    const drift = step.value;
    this.#isRepairing = plan.figures.waiting > plan.figures.failing;
    this.#trouble = undefined;
    report.compared(drift);
    bans.wake();
  }

  async #attempt(attempt: () => Promise<void>): Promise<boolean> {
    try {
      await attempt();
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      this.#trouble = error.message;
      this.#options.report.notCompared(error.message);
      return false;
    }
    return true;
  }
}

function timeoutAfter(listMs: number): number {
  return Math.min(Math.max(MIN_TIMEOUT_MS, 2 * listMs), MAX_TIMEOUT_MS);
}

/** Why some work failed; `undefined`: it succeeded. */
async function failureOf(
  work: Promise<void>,
): Promise<RuntimeError | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof RuntimeError) return error;
    throw error;
  }
}
