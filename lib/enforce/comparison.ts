/**
 * Compares what is in force with what should be.
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
  /** Interval between resyncs, which also try again what was refused for good. */
  readonly resyncEveryMs: number;
}

/** Lists take a part of the time at most: after one there is none for this many times what it took. */
const REST_FACTOR = 5;
/** After any list, where somebody else may change the firewall all the time. */
const MIN_REST_MS = 2_000;
/** From one list to the next, where nobody says what others change and no command is given. */
const IDLE_INTERVAL_MS = 10_000;
/** What is known gets no older, where a list takes a third of that at most: health tells of what is older than a minute. */
const AGE_LIMIT_MS = 55_000;
/** Of a list that holds back commands: twice what the last one took, and twice as long after each that took longer. */
const MIN_TIMEOUT_MS = 2_000;
const MAX_TIMEOUT_MS = 60_000;
/** After a comparison that failed. */
const RETRY_PAUSE_MS = 60_000;

/** Compares when it is time to, and knows how old its knowledge is. */
export class Comparison {
  readonly #options: ComparisonOptions;
  #knownAtMs: number | undefined;
  #restUntilMs = -Infinity;
  /** When the last list was over, however it ended; `Infinity`: there was none. */
  #listedAtMs = Infinity;
  #timeoutMs = MIN_TIMEOUT_MS;
  #trouble: string | undefined;
  /** Whether there is something to do since a comparison; none is made because of that. */
  #isRepairing = false;
  #resyncAtMs = Infinity;
  #disturbances = 0;
  /** Whether a batch failed, so that what is in force may not be what it was. */
  #isDoubtful = false;
  /** Whether a command just went well, so that a comparison holds up nobody. */
  #isAnswered = false;
  /** Whether the enforcer lists. */
  #lists = true;

  /** @param options Of which action. */
  constructor(options: ComparisonOptions) {
    this.#options = options;
  }

  /** How long ago it was known for certain what is in force, in seconds; `undefined`: the enforcer never tells. */
  get ageSeconds(): number | "unknown" | undefined {
    const { clock } = this.#options;
    if (!this.#lists) return undefined;
    if (this.#knownAtMs === undefined) return "unknown";
    return Math.ceil((clock.monotonicMs() - this.#knownAtMs) / 1_000);
  }

  /** Why what is in force can't be listed; `undefined`: it can. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** When to compare; `Infinity`: where somebody else's changes are watched for, the watch does it. */
  get dueAtMs(): number {
    if (this.#isWatched) return Infinity;
    return Math.min(this.#resyncAtMs, this.#tooOldAtMs);
  }

  /** What is in force is known: resyncs begin. */
  begin(): void {
    const { clock, enforcer, resyncEveryMs } = this.#options;
    this.#disturbances = enforcer.disturbances ?? 0;
    this.#resyncAtMs = clock.monotonicMs() + resyncEveryMs;
  }

  /** Says that a batch did not fail as a whole. */
  noteWorked(): void {
    if (this.#isDoubtful) {
      this.#resyncAtMs = this.#options.clock.monotonicMs();
    }
    this.#isDoubtful = false;
    this.#isAnswered = this.#isDueAfterCommand();
  }

  /** Says that a batch failed as a whole: nobody knows what is in force of it. */
  noteFailed(): void {
    this.#isDoubtful = true;
  }

  /** Compares where it is time to, and nobody watches what somebody else changes. */
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

  /** Compares where it is time to; else looks whether somebody else changed something. */
  async watch(signal: AbortSignal): Promise<void> {
    if (this.#takeResync()) await this.#resync(signal);
    else await this.#look(signal);
  }

  get #isWatched(): boolean {
    return this.#options.enforcer.isUnchanged !== undefined;
  }

  /**
   * When what is known is too old. What failed is tried again with the resync,
   * and after a batch that failed the next one shows whether anybody answers.
   */
  get #tooOldAtMs(): number {
    const isWaiting = this.#isDoubtful || this.#trouble !== undefined;
    return isWaiting || !this.#lists
      ? Infinity
      : Math.max(this.#restUntilMs, this.#listedAtMs + IDLE_INTERVAL_MS);
  }

  /** @returns Whether a resync is due: at its time, or after a disturbance, which is noted. */
  #takeResync(): boolean {
    const { clock, enforcer: { disturbances = 0 } } = this.#options;
    const isDisturbed = disturbances !== this.#disturbances;
    this.#disturbances = disturbances;
    return isDisturbed || clock.monotonicMs() >= this.#resyncAtMs;
  }

  /** Compares; when that can't be done now nothing is held back, and it is done later. */
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
   * After a command that went well: who just answered lists without holding up
   * anybody. Not while what differed is repaired, for that may differ for ever.
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
   * Lists what is in force.
   *
   * @returns `undefined` when nobody knows.
   * @throws {RuntimeError} when it can't be listed, now.
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

  /** As `list`, but what can't be done now is said here. */
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
   * Looks whether somebody else changed what is in force, and if that may be
   * makes anew what it needs, and compares.
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

  /** Plans what somebody took out of force. @returns Whether it is known what that is. */
  #putBack(deleted: readonly BanKey[] | undefined): boolean {
    if (deleted === undefined) return false;
    const { bans, plan, report } = this.#options;
    const missing = deleted.filter((ban) => plan.isSettled(ban));
    for (const ban of deleted) plan.miss(ban);
    report.compared({ missing: missing.length, surplus: 0 });
    bans.wake();
    return true;
  }

  /** Makes anew what the enforcer needs, and compares. @returns Whether that could be done. */
  async #restore(signal: AbortSignal): Promise<boolean> {
    return await this.#attempt(async () => {
      const failure = await failureOf(this.#options.enforcer.check(signal));
      // What can't be made anew is missing all the same.
      await this.#compare(signal);
      if (failure !== undefined) throw failure;
    });
  }

  /**
   * Compares, for a time that holds back little else.
   *
   * @param signal Ends it.
   * @param retriesRefused Whether what was refused for good is tried again.
   * @returns Whether that could be done.
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
    // What ended while the list was made is no difference.
    bans.tick();
    const nowMs = clock.nowMs();
    const isOver = ({ expiresMs = Infinity }: ActiveBan) =>
      enforcer.lapses && expiresMs <= nowMs;
    const there = listed.filter((ban) => !isOver(ban));
    const steps = plan.reconcile(there, isOurs, nowMs, retriesRefused);
    let step = steps.next();
    while (step.done !== true) {
      // A large table is compared beside everything else.
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

/** Why something does not work now; `undefined`: it does. */
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
