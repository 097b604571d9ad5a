/**
 * Keeps the bans of the cluster in force on this host through one enforcer.
 *
 * @module
 */

import { ActionPlan } from "./action_plan.ts";
import type { BanEvent } from "./ban_event.ts";
import type { HostBanChange } from "./host_bans.ts";
import {
  type EnforcedActionCounters,
  EnforcementTally,
} from "./enforcement_tally.ts";
import { RuntimeError } from "./errors.ts";
import type { HostName } from "./host_name.ts";
import type { JailMap } from "./jail_map.ts";
import { NotedBans } from "./noted_bans.ts";
import type { Work } from "./plan_report.ts";
import type {
  BanAction,
  BanLedger,
  Clock,
  Enforcer,
  ListedBan,
  Log,
} from "./ports.ts";
import { Condition, runTogether } from "./tasks.ts";
import { isOurs, WantedBans } from "./wanted_bans.ts";

/** What an enforced action is made of. */
export interface EnforcedActionOptions {
  readonly enforcer: Enforcer;
  readonly ledger: BanLedger;
  readonly clock: Clock;
  /** Where to tell. */
  readonly log: Log;
  /** This node's name. */
  readonly hostName: HostName;
  /** In which jail of this host a ban is enforced. */
  readonly jailMap: JailMap;
  /** How long a report holds, in milliseconds; `Infinity`: until it is withdrawn. */
  readonly banTimeMs: number;
  /** So often what should be in force is compared with what is, in milliseconds. */
  readonly resyncEveryMs: number;
  /** Bans handed to the enforcer in a second at most. @default {Infinity} */
  readonly maxPerSecond?: number;
}

/** Ended bans are looked for so often, in milliseconds. */
const LAPSE_EVERY_MS = 1_000;
/** Pauses while the enforcer can't even be asked, in milliseconds. */
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 60_000;

/** Acts through an {@link Enforcer}: plans, tries again, repairs. */
export class EnforcedAction implements BanAction {
  readonly #options: EnforcedActionOptions;
  readonly #wanted: WantedBans;
  readonly #noted: NotedBans;
  readonly #plan: ActionPlan;
  readonly #tally: EnforcementTally;
  readonly #changed = new Condition();
  #hasBegun = false;
  #resyncAtMs = Infinity;
  /** Whether a batch failed, so that what is in force may not be what it was. */
  #isDoubtful = false;

  /** @param options What the action is made of. */
  constructor(options: EnforcedActionOptions) {
    this.#options = options;
    const { enforcer, log, clock, ledger, hostName, maxPerSecond } = options;
    const action = enforcer.name;
    this.#wanted = new WantedBans(options);
    this.#plan = new ActionPlan({
      hostName,
      lapses: enforcer.lapses,
      maxBansAtOnce: enforcer.maxBansAtOnce,
      ...(maxPerSecond === undefined ? {} : { maxPerSecond }),
    });
    this.#tally = new EnforcementTally({ action, log, clock });
    this.#noted = new NotedBans({ action, ledger, clock, log });
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
    const { inForce, waiting, failing, lastReason } = this.#plan.figures;
    return {
      ...this.counters,
      inForce,
      waiting,
      failing,
      ...(this.#wanted.leftOut === 0 ? {} : { leftOut: this.#wanted.leftOut }),
      ...(lastReason === undefined ? {} : { lastReason }),
    };
  }

  /** Plans what the events ask for; {@link EnforcedAction.run} does it. */
  act(events: readonly BanEvent[], _signal: AbortSignal): Promise<void> {
    const nowMs = this.#options.clock.nowMs();
    this.#take(events.flatMap((event) => this.#wanted.take(event, nowMs)));
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
        (group) => this.#lapse(group),
      ]);
    } finally {
      this.#tally.complaints.flush();
    }
  }

  /** The enforcer takes one call at a time, so all of them are made here. */
  async #work(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    await this.#beginAtLast(signal);
    while (true) {
      if (clock.monotonicMs() >= this.#resyncAtMs) await this.#resync(signal);
      const work = this.#plan.next(clock.monotonicMs());
      this.#forgetOver();
      if (work === undefined) await this.#waitForWork(signal);
      else await this.#carryOut(work, signal);
    }
  }

  async #beginAtLast(signal: AbortSignal): Promise<void> {
    const { clock, resyncEveryMs } = this.#options;
    let pauseMs = FIRST_PAUSE_MS;
    while (!await this.#works(() => this.#begin(signal))) {
      await clock.delay(pauseMs, signal);
      pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
    }
    this.#resyncAtMs = clock.monotonicMs() + resyncEveryMs;
  }

  /** Takes over what was applied before this program was started. */
  async #begin(signal: AbortSignal): Promise<void> {
    const { enforcer, clock } = this.#options;
    await enforcer.check(signal);
    const listed = await enforcer.list(signal);
    for (const ban of this.#noted.load()) {
      for (const change of this.#wanted.remember(ban)) this.#plan.take(change);
      if (listed === undefined) this.#plan.adopt(ban);
    }
    const nowMs = clock.nowMs();
    const adoptions = (listed ?? []).flatMap((ban) =>
      this.#wanted.adopt(ban, nowMs) ?? []
    );
    for (const { ban } of adoptions) this.#plan.adopt(ban);
    this.#take(adoptions.flatMap(({ changes }) => changes));
    this.#take(this.#wanted.endAdoption());
    this.#hasBegun = true;
    this.#endBans();
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

  async #carryOut(work: Work, signal: AbortSignal): Promise<void> {
    const { enforcer, clock } = this.#options;
    try {
      const failures = work.verb === "apply"
        ? await enforcer.apply(work.bans, signal)
        : await enforcer.lift(work.bans, signal);
      this.#plan.settle(work, failures, clock.monotonicMs());
      this.#tally.done(work, failures);
      if (this.#isDoubtful) this.#resyncAtMs = clock.monotonicMs();
      this.#isDoubtful = false;
      this.#sayWhetherItWorks();
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      this.#plan.fail(work, error.message, clock.monotonicMs());
      this.#tally.failed(work, error.message);
      this.#isDoubtful = true;
    }
  }

  async #lapse(signal: AbortSignal): Promise<void> {
    while (true) {
      await this.#options.clock.delay(LAPSE_EVERY_MS, signal);
      this.#endBans();
    }
  }

  /** Ends the bans whose time is over. */
  #endBans(): void {
    this.#take(this.#wanted.lapse(this.#options.clock.nowMs()));
  }

  /** One that can't be made now holds back nothing, and is made later. */
  async #resync(signal: AbortSignal): Promise<void> {
    const { clock, resyncEveryMs } = this.#options;
    const isDone = await this.#works(() => this.#compare(signal));
    const pauseMs = isDone ? resyncEveryMs : MAX_PAUSE_MS;
    this.#resyncAtMs = clock.monotonicMs() +
      Math.min(pauseMs, resyncEveryMs);
  }

  async #compare(signal: AbortSignal): Promise<void> {
    const { enforcer, clock } = this.#options;
    const listed = await enforcer.list(signal);
    if (listed === undefined) return;
    // What ended while the list was made is no difference.
    this.#endBans();
    const nowMs = clock.nowMs();
    const isOver = ({ expiresMs = Infinity }: ListedBan) =>
      enforcer.lapses && expiresMs <= nowMs;
    const there = listed.filter((ban) => !isOver(ban));
    this.#tally.compared(this.#plan.reconcile(there, isOurs));
  }

  /** Makes an attempt that the operator may have to help. */
  async #works(attempt: () => Promise<void>): Promise<boolean> {
    try {
      await attempt();
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      this.#tally.complaints.tell(error.message);
      return false;
    }
    this.#sayWhetherItWorks();
    return true;
  }

  #sayWhetherItWorks(): void {
    if (this.#plan.figures.failing === 0) this.#tally.complaints.end();
  }

  #take(changes: readonly HostBanChange[]): void {
    if (changes.length === 0) return;
    this.#noted.note(changes);
    for (const change of changes) this.#plan.take(change);
    this.#forgetOver();
    this.#changed.notify();
  }

  /** Before it is known what is in force, nothing is known to be over. */
  #forgetOver(): void {
    if (this.#hasBegun) this.#noted.forget(this.#plan.takeOver());
  }
}
