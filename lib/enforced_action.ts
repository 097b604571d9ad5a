/**
 * Keeps the bans of the cluster in force on this host through one enforcer.
 *
 * @module
 */

import { ActionPlan, type Drift, type Work } from "./action_plan.ts";
import type { BanEvent } from "./ban_event.ts";
import type { TableChange } from "./ban_table.ts";
import { RuntimeError } from "./errors.ts";
import type { HostName } from "./host_name.ts";
import type { JailMap } from "./jail_map.ts";
import { LogThrottle } from "./log_throttle.ts";
import { NotedBans } from "./noted_bans.ts";
import { keyOfBan } from "./plan_entry.ts";
import type {
  BanAction,
  BanLedger,
  Clock,
  EnforcementFailure,
  Enforcer,
  ListedBan,
  LocalBan,
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

/** What an enforced action has done so far. */
export interface EnforcedActionCounters {
  /** Bans applied. */
  applied: number;
  /** Bans lifted. */
  lifted: number;
  /** Bans that were to be applied or lifted and were not; they are tried again. */
  failures: number;
  /** Bans that were found not to be in force though they should have been. */
  missing: number;
  /** Bans that were found in force though nobody wanted them. */
  surplus: number;
}

/** Ended bans are looked for so often, in milliseconds. */
const LAPSE_EVERY_MS = 1_000;
/** Pauses while the enforcer can't even be asked, in milliseconds. */
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 60_000;

/** Acts through an {@link Enforcer}: plans, tries again, repairs. */
export class EnforcedAction implements BanAction {
  /** What was done so far. */
  readonly counters: EnforcedActionCounters = {
    applied: 0,
    lifted: 0,
    failures: 0,
    missing: 0,
    surplus: 0,
  };
  readonly #options: EnforcedActionOptions;
  readonly #wanted: WantedBans;
  readonly #noted: NotedBans;
  readonly #plan: ActionPlan;
  readonly #complaints: LogThrottle;
  readonly #changed = new Condition();

  /** @param options What the action is made of. */
  constructor(options: EnforcedActionOptions) {
    this.#options = options;
    const { enforcer, log, clock, hostName, maxPerSecond } = options;
    this.#wanted = new WantedBans(options);
    this.#plan = new ActionPlan({
      hostName,
      lapses: enforcer.lapses,
      maxBansAtOnce: enforcer.maxBansAtOnce,
      ...(maxPerSecond === undefined ? {} : { maxPerSecond }),
    });
    this.#complaints = new LogThrottle(log, clock);
    this.#noted = new NotedBans({
      action: enforcer.name,
      ledger: options.ledger,
      clock,
      complain: (reason) => this.#complain(reason, {}),
    });
  }

  get name(): string {
    return this.#options.enforcer.name;
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
    for (const event of events) this.#take(this.#wanted.take(event, nowMs));
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
      this.#complaints.flush();
    }
  }

  /** The enforcer takes one call at a time, so all of them are made here. */
  async #work(signal: AbortSignal): Promise<void> {
    const { clock, resyncEveryMs } = this.#options;
    await this.#untilItWorks((group) => this.#begin(group), signal);
    let resyncAtMs = clock.monotonicMs() + resyncEveryMs;
    while (true) {
      if (clock.monotonicMs() >= resyncAtMs) {
        await this.#untilItWorks((group) => this.#resync(group), signal);
        resyncAtMs = clock.monotonicMs() + resyncEveryMs;
      }
      const work = this.#plan.next(clock.monotonicMs());
      if (work === undefined) await this.#waitForWork(resyncAtMs, signal);
      else await this.#carryOut(work, signal);
    }
  }

  /** Takes over what was applied before this program was started. */
  async #begin(signal: AbortSignal): Promise<void> {
    const { enforcer, clock, log } = this.#options;
    await enforcer.check(signal);
    const listed = await enforcer.list(signal);
    const noted = this.#noted.load();
    for (const ban of noted) {
      for (const change of this.#wanted.remember(ban)) this.#plan.take(change);
      if (listed === undefined) this.#plan.adopt(ban);
    }
    for (const ban of listed ?? []) {
      const adoption = this.#wanted.adopt(ban, clock.nowMs());
      if (adoption === undefined) continue;
      this.#plan.adopt(adoption.ban);
      this.#take(adoption.changes);
    }
    this.#take(this.#wanted.endAdoption());
    this.#endBans();
    if (listed !== undefined) this.#forget(without(noted, listed));
    const { inForce } = this.#plan.figures;
    log.record("info", "action works", { action: this.name, inForce });
  }

  async #waitForWork(untilMs: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const { nextAtMs = Infinity } = this.#plan;
    const dueMs = Math.min(nextAtMs, untilMs) - clock.monotonicMs();
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
      if (work.verb === "lift") this.#forget(without(work.bans, failures));
      this.#count(work, failures);
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      this.#plan.fail(work, error.message, clock.monotonicMs());
      this.counters.failures += work.bans.length;
      this.#complain(error.message, { bans: work.bans.length });
    }
  }

  /** A ban that is wanted again by now stays noted. */
  #forget(bans: readonly LocalBan[]): void {
    this.#noted.forget(bans.filter((ban) => !this.#wanted.has(ban)));
  }

  #count(work: Work, failures: readonly EnforcementFailure[]): void {
    const done = work.bans.length - failures.length;
    this.counters[work.verb === "apply" ? "applied" : "lifted"] += done;
    this.counters.failures += failures.length;
    for (const { ban, reason } of failures) {
      this.#complain(reason, { jail: ban.jail, address: ban.address });
    }
    this.#tell(work, new Set(failures.map(({ ban }) => ban)));
  }

  #tell({ verb, bans }: Work, failed: ReadonlySet<LocalBan>): void {
    for (const ban of bans) {
      if (failed.has(ban)) continue;
      this.#options.log.record(
        "notice",
        verb === "apply" ? "ban applied" : "ban lifted",
        {
          action: this.name,
          node: ban.origin,
          jail: ban.jail,
          address: ban.address,
        },
      );
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
    const { clock, enforcer } = this.#options;
    const changes = this.#wanted.lapse(clock.nowMs());
    if (enforcer.lapses) this.#forget(changes.map(({ ban }) => ban));
    this.#take(changes);
  }

  async #resync(signal: AbortSignal): Promise<void> {
    const listed = await this.#options.enforcer.list(signal);
    if (listed === undefined) return;
    this.#tellDrift(this.#plan.reconcile(listed, isOurs));
  }

  #tellDrift({ missing, surplus }: Drift): void {
    this.counters.missing += missing;
    this.counters.surplus += surplus;
    if (missing + surplus === 0) return;
    this.#options.log.record("warning", "what is in force differed", {
      action: this.name,
      missing,
      surplus,
    });
  }

  async #untilItWorks(
    attempt: (signal: AbortSignal) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    while (true) {
      try {
        return await attempt(signal);
      } catch (error) {
        if (!(error instanceof RuntimeError)) throw error;
        this.#complain(error.message, {});
      }
      await this.#options.clock.delay(pauseMs, signal);
      pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
    }
  }

  #take(changes: readonly TableChange[]): void {
    if (changes.length === 0) return;
    this.#noted.note(changes);
    for (const change of changes) this.#plan.take(change);
    this.#changed.notify();
  }

  #complain(reason: string, fields: Record<string, string | number>): void {
    this.#complaints.record("error", "action failed, and is tried again", {
      action: this.name,
      reason,
      ...fields,
    });
  }
}

/** The bans that are not among others. */
function without(
  bans: readonly LocalBan[],
  others: readonly (ListedBan | EnforcementFailure)[],
): readonly LocalBan[] {
  const keys = new Set(
    others.map((other) => keyOfBan("ban" in other ? other.ban : other)),
  );
  return bans.filter((ban) => !keys.has(keyOfBan(ban)));
}
