/**
 * From what should be in force to what is to be done about it.
 *
 * The plan knows of each ban whether it is wanted and whether it is in force,
 * and hands out the difference in batches: news first, then the backlog. What
 * changes back before its turn costs nothing. Bans that failed are tried again
 * after a growing pause; when a whole batch fails everything pauses, and of its
 * bans nobody knows whether they are in force until they were tried again.
 *
 * @module
 */

import type { HostBanChange } from "./host_bans.ts";
import type { HostName } from "./host_name.ts";
import { keyOfBan, PlanEntry, strayBan, type Verb } from "./plan_entry.ts";
import { PlanPace, type PlanPaceOptions } from "./plan_pace.ts";
import type { Drift, PlanFigures, Work } from "./plan_report.ts";
import type { EnforcementFailure, ListedBan, LocalBan } from "./ports.ts";
import { RetryQueue } from "./retry_queue.ts";

/** How a plan is set up. */
export interface ActionPlanOptions extends PlanPaceOptions {
  /** This node's name: it stands for whoever reported a ban that is found in force. */
  readonly hostName: HostName;
  /** Whether bans end by themselves at their time; others have to be lifted then. */
  readonly lapses: boolean;
  /** Bans in a batch at most. */
  readonly maxBansAtOnce: number;
}

/** Keeps the plan of one action. Time is an argument. */
export class ActionPlan {
  readonly #options: ActionPlanOptions;
  readonly #pace: PlanPace;
  readonly #maxBansAtOnce: number;
  readonly #entries = new Map<string, PlanEntry>();
  readonly #news = new Set<string>();
  readonly #backlog = new Set<string>();
  readonly #retries = new RetryQueue();
  readonly #failing = new Set<string>();
  #over: LocalBan[] = [];
  #inForce = 0;
  #lastReason: string | undefined;

  /** @param options How the plan is set up. */
  constructor(options: ActionPlanOptions) {
    this.#options = options;
    this.#pace = new PlanPace(options);
    const { maxBansAtOnce } = options;
    this.#maxBansAtOnce = Math.min(maxBansAtOnce, this.#pace.maxBansAtOnce);
  }

  /** What there is to do. */
  get figures(): PlanFigures {
    const failing = this.#failing.size;
    return {
      inForce: this.#inForce,
      waiting: this.#news.size + this.#backlog.size + this.#retries.size,
      failing,
      lastReason: failing > 0 ? this.#lastReason : undefined,
    };
  }

  /**
   * Takes a change of what should be in force.
   *
   * @param change What changed.
   */
  take({ kind, ban }: HostBanChange): void {
    const key = keyOfBan(ban);
    const entry = this.#entry(key, ban);
    entry.wanted = kind === "stands" ? ban : undefined;
    const { lapses } = this.#options;
    if (kind === "lapsed" && lapses && entry.hasLapsed(ban.expiresMs)) {
      this.#setApplied(entry, undefined);
    }
    this.#queue(key, entry, this.#news);
  }

  /**
   * Takes note of a ban that is in force already, wanted or not.
   *
   * @param ban The ban as it is in force.
   */
  adopt(ban: LocalBan): void {
    const key = keyOfBan(ban);
    const entry = this.#entry(key, ban);
    this.#setApplied(entry, ban);
    this.#queue(key, entry, this.#backlog);
  }

  /**
   * Hands out the next batch. It has to be settled before another is asked for.
   *
   * @param nowMs A clock that never jumps, in milliseconds.
   * @returns The batch; `undefined` when nothing is due, see {@link ActionPlan.nextAtMs}.
   */
  next(nowMs: number): Work | undefined {
    this.#endPauses(nowMs);
    if (nowMs < this.#pace.nextAtMs) return undefined;
    const bans: LocalBan[] = [];
    let verb: Verb | undefined;
    for (const [key, entry, need] of this.#needs()) {
      verb ??= need.verb;
      if (need.verb !== verb || bans.length >= this.#maxBansAtOnce) break;
      this.#unqueue(key);
      entry.place = "busy";
      bans.push(need.ban);
    }
    if (verb === undefined) return undefined;
    this.#pace.handedOut(bans.length, nowMs);
    return { verb, bans };
  }

  /** When `next` may have something again; `undefined`: not before a change. */
  get nextAtMs(): number | undefined {
    const { nextAtMs } = this.#pace;
    if (this.#news.size + this.#backlog.size > 0) return nextAtMs;
    const retryMs = this.#retries.nextMs;
    return retryMs === undefined ? undefined : Math.max(retryMs, nextAtMs);
  }

  /**
   * Says how a batch went.
   *
   * @param work The batch.
   * @param failures Those of its bans that failed.
   * @param nowMs The same clock as for `next`.
   */
  settle(
    { verb, bans }: Work,
    failures: readonly EnforcementFailure[],
    nowMs: number,
  ): void {
    this.#pace.worked();
    const failed = new Map(
      failures.map(({ ban, reason }) => [keyOfBan(ban), reason]),
    );
    for (const ban of bans) {
      const key = keyOfBan(ban);
      const entry = this.#entry(key, ban);
      const reason = failed.get(key);
      const isInForce = (verb === "apply") === (reason === undefined);
      this.#setApplied(entry, isInForce ? ban : undefined);
      if (reason === undefined) {
        entry.failures = 0;
        this.#failing.delete(key);
      } else {
        this.#noteFailure(key, reason);
      }
      entry.place = "idle";
      const isWaiting = entry.need(this.#options.lapses) !== undefined;
      if (reason === undefined || !isWaiting) {
        this.#queue(key, entry, this.#news);
      } else {
        entry.place = "paused";
        this.#retries.add(key, nowMs + this.#pace.pauseMs(entry.failures++));
      }
    }
  }

  /**
   * Says that a batch failed as a whole: everything waits.
   *
   * @param work The batch.
   * @param reason Why, in one sentence.
   * @param nowMs The same clock as for `next`.
   */
  fail(work: Work, reason: string, nowMs: number): void {
    this.#pace.failed(nowMs);
    for (const ban of work.bans) {
      const key = keyOfBan(ban);
      const entry = this.#entry(key, ban);
      entry.noteTry(ban);
      this.#noteFailure(key, reason);
      entry.place = "idle";
      this.#queue(key, entry, this.#backlog);
    }
  }

  /**
   * Compares with what is really in force, and plans the repair.
   *
   * @param listed What is in force.
   * @param isOurs Whether a listed ban that nobody wants may be lifted.
   * @returns What differed.
   */
  reconcile(
    listed: readonly ListedBan[],
    isOurs: (ban: ListedBan) => boolean,
  ): Drift {
    const found = new Map(listed.map((ban) => [keyOfBan(ban), ban]));
    let missing = 0;
    let surplus = 0;
    for (const [key, entry] of this.#entries) {
      const there = found.get(key);
      found.delete(key);
      if (this.#correct(key, entry, there)) missing++;
    }
    for (const ban of found.values()) {
      if (!isOurs(ban)) continue;
      surplus++;
      this.adopt(strayBan(ban, this.#options.hostName));
    }
    return { missing, surplus };
  }

  /** The bans that have come to be neither wanted nor in force since this was asked. */
  takeOver(): readonly LocalBan[] {
    const over = this.#over;
    this.#over = [];
    return over.filter((ban) => !this.#entries.has(keyOfBan(ban)));
  }

  /** @returns Whether the ban was wrongly taken for being in force as it should be. */
  #correct(
    key: string,
    entry: PlanEntry,
    there: ListedBan | undefined,
  ): boolean {
    const known = entry.applied ?? entry.tried;
    if (known === undefined || entry.place === "busy") return false;
    const { expiresMs = known.expiresMs } = there ?? {};
    const needBefore = entry.need(this.#options.lapses);
    this.#setApplied(entry, there && { ...known, expiresMs });
    const need = entry.need(this.#options.lapses);
    this.#queue(key, entry, this.#backlog);
    return need?.verb === "apply" && needBefore === undefined;
  }

  #entry(key: string, ban: LocalBan): PlanEntry {
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const entry = new PlanEntry(ban);
    this.#entries.set(key, entry);
    return entry;
  }

  /** Puts a ban where it belongs after a change: news before the backlog. */
  #queue(key: string, entry: PlanEntry, queue: Set<string>): void {
    if (entry.place === "busy" || entry.place === "paused") return;
    if (entry.need(this.#options.lapses) === undefined) {
      this.#unqueue(key);
      this.#failing.delete(key);
      entry.failures = 0;
      entry.place = "idle";
      if (!entry.isOver) return;
      this.#entries.delete(key);
      this.#over.push(entry.ban);
    } else if (entry.place === "idle") {
      entry.place = "queued";
      queue.add(key);
    }
  }

  #unqueue(key: string): void {
    this.#news.delete(key);
    this.#backlog.delete(key);
  }

  *#needs() {
    for (const queue of [this.#news, this.#backlog]) {
      for (const key of queue) {
        const entry = this.#entries.get(key);
        const need = entry?.need(this.#options.lapses);
        if (entry !== undefined && need !== undefined) {
          yield [key, entry, need] as const;
        }
      }
    }
  }

  #setApplied(entry: PlanEntry, applied: LocalBan | undefined): void {
    this.#inForce += (applied === undefined ? 0 : 1) -
      (entry.applied === undefined ? 0 : 1);
    entry.applied = applied;
    entry.tried = undefined;
  }

  #noteFailure(key: string, reason: string): void {
    this.#failing.add(key);
    this.#lastReason = reason;
  }

  #endPauses(nowMs: number): void {
    for (const key of this.#retries.takeDue(nowMs)) {
      const entry = this.#entries.get(key);
      if (entry === undefined) continue;
      entry.place = "idle";
      this.#queue(key, entry, this.#backlog);
    }
  }
}
