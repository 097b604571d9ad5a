/**
 * From what should be in force to what is to be done about it.
 *
 * The plan knows of each ban whether it is wanted and whether it is in force,
 * and hands out the difference in batches: news first, then the backlog. What
 * changes back before its turn costs nothing. Bans that failed are tried again
 * after a growing pause; when a whole batch fails everything pauses.
 *
 * @module
 */

import type { TableChange } from "./ban_table.ts";
import type { HostName } from "./host_name.ts";
import {
  haveOtherEnds,
  keyOfBan,
  PlanEntry,
  strayBan,
  type Verb,
} from "./plan_entry.ts";
import type { EnforcementFailure, ListedBan, LocalBan } from "./ports.ts";
import { RetryQueue } from "./retry_queue.ts";

/** How a plan is set up. */
export interface ActionPlanOptions {
  /** This node's name: it stands for whoever reported a ban that is found in force. */
  readonly hostName: HostName;
  /** Whether bans end by themselves at their time; others have to be lifted then. */
  readonly lapses: boolean;
  /** Bans in a batch at most. */
  readonly maxBansAtOnce: number;
  /** Bans handed out in a second at most. @default {Infinity} */
  readonly maxPerSecond?: number;
  /** Pause before the second try; doubled each time, in milliseconds. @default {1000} */
  readonly firstPauseMs?: number;
  /** Longest pause before another try, in milliseconds. @default {300000} */
  readonly maxPauseMs?: number;
}

/** A batch. */
export interface Work {
  readonly verb: Verb;
  readonly bans: readonly LocalBan[];
}

/** What the plan has to do, and what it is about. */
export interface PlanFigures {
  /** Bans that are in force, as far as one knows. */
  readonly inForce: number;
  /** Bans that wait to be applied or lifted. */
  readonly waiting: number;
  /** Those of them that failed before. */
  readonly failing: number;
  /** Why the last one failed; `undefined` when nothing fails. */
  readonly lastReason: string | undefined;
}

/** What differed between the plan and the world. */
export interface Drift {
  /** Bans that should have been in force and were not. */
  readonly missing: number;
  /** Bans in force that nobody wants. */
  readonly surplus: number;
}

/** Keeps the plan of one action. Time is an argument. */
export class ActionPlan {
  readonly #options: Required<ActionPlanOptions>;
  readonly #entries = new Map<string, PlanEntry>();
  readonly #news = new Set<string>();
  readonly #backlog = new Set<string>();
  readonly #retries = new RetryQueue();
  #nextAtMs = -Infinity;
  #failedBatches = 0;
  #inForce = 0;
  #lastReason: string | undefined;

  /** @param options How the plan is set up. */
  constructor(options: ActionPlanOptions) {
    this.#options = {
      maxPerSecond: Infinity,
      firstPauseMs: 1_000,
      maxPauseMs: 300_000,
      ...options,
    };
  }

  /** What there is to do. */
  get figures(): PlanFigures {
    const failing = this.#retries.size;
    const isFailing = failing > 0 || this.#failedBatches > 0;
    return {
      inForce: this.#inForce,
      waiting: this.#news.size + this.#backlog.size + failing,
      failing,
      lastReason: isFailing ? this.#lastReason : undefined,
    };
  }

  /**
   * Takes a change of the ban table.
   *
   * @param change What changed.
   */
  take(change: TableChange): void {
    const key = keyOfBan(change.ban);
    const entry = this.#entry(key);
    switch (change.kind) {
      case "stands":
        entry.wanted = change.ban;
        break;
      case "withdrawn":
        entry.wanted = undefined;
        break;
      case "lapsed":
        entry.wanted = undefined;
        if (this.#options.lapses) this.#setApplied(entry, undefined);
        break;
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
    const entry = this.#entry(key);
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
    if (nowMs < this.#nextAtMs) return undefined;
    let verb: Verb | undefined;
    const bans: LocalBan[] = [];
    for (const queue of [this.#news, this.#backlog]) {
      for (const key of queue) {
        const entry = this.#entry(key);
        const need = entry.need(this.#options.lapses);
        if (need === undefined) {
          queue.delete(key);
          this.#settleIdle(key, entry);
          continue;
        }
        verb ??= need.verb;
        if (need.verb !== verb) return this.#handOut(verb, bans, nowMs);
        queue.delete(key);
        entry.place = "busy";
        bans.push(need.ban);
        if (bans.length >= this.#options.maxBansAtOnce) {
          return this.#handOut(verb, bans, nowMs);
        }
      }
    }
    return verb === undefined ? undefined : this.#handOut(verb, bans, nowMs);
  }

  /** When `next` may have something again; `undefined`: not before a change. */
  get nextAtMs(): number | undefined {
    if (this.#news.size + this.#backlog.size > 0) return this.#nextAtMs;
    const retryMs = this.#retries.nextMs;
    return retryMs === undefined
      ? undefined
      : Math.max(retryMs, this.#nextAtMs);
  }

  /**
   * Says how a batch went.
   *
   * @param work The batch.
   * @param failures Those of its bans that failed.
   * @param nowMs The same clock as for `next`.
   */
  settle(
    work: Work,
    failures: readonly EnforcementFailure[],
    nowMs: number,
  ): void {
    this.#failedBatches = 0;
    const failed = new Map(
      failures.map(({ ban, reason }) => [keyOfBan(ban), reason]),
    );
    for (const ban of work.bans) {
      const key = keyOfBan(ban);
      const entry = this.#entry(key);
      const reason = failed.get(key);
      if (reason === undefined) {
        entry.failures = 0;
        this.#setApplied(entry, work.verb === "apply" ? ban : undefined);
        entry.place = "idle";
        this.#queue(key, entry, this.#news);
      } else {
        this.#lastReason = reason;
        entry.place = "paused";
        this.#retries.add(key, nowMs + this.#pauseMs(entry.failures++));
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
    this.#lastReason = reason;
    for (const ban of work.bans) {
      const key = keyOfBan(ban);
      const entry = this.#entry(key);
      entry.place = "idle";
      this.#queue(key, entry, this.#backlog);
    }
    this.#nextAtMs = nowMs + this.#pauseMs(this.#failedBatches++);
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
    for (const [key, entry] of this.#entries) {
      if (entry.place === "busy" || entry.applied === undefined) continue;
      const there = found.get(key);
      const isGone = there === undefined ||
        this.#options.lapses &&
          haveOtherEnds(there.expiresMs, entry.applied.expiresMs);
      if (!isGone) continue;
      missing++;
      this.#setApplied(entry, undefined);
      this.#queue(key, entry, this.#backlog);
    }
    let surplus = 0;
    for (const [key, ban] of found) {
      if (this.#entries.has(key) || !isOurs(ban)) continue;
      surplus++;
      const entry = this.#entry(key);
      const { hostName } = this.#options;
      this.#setApplied(entry, strayBan(ban, hostName));
      this.#queue(key, entry, this.#backlog);
    }
    return { missing, surplus };
  }

  #entry(key: string): PlanEntry {
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const entry = new PlanEntry();
    this.#entries.set(key, entry);
    return entry;
  }

  #queue(key: string, entry: PlanEntry, queue: Set<string>): void {
    if (entry.place !== "idle") return;
    if (entry.need(this.#options.lapses) === undefined) {
      return this.#settleIdle(key, entry);
    }
    entry.place = "queued";
    queue.add(key);
  }

  #settleIdle(key: string, entry: PlanEntry): void {
    entry.place = "idle";
    if (entry.wanted === undefined && entry.applied === undefined) {
      this.#entries.delete(key);
    }
  }

  #setApplied(entry: PlanEntry, applied: LocalBan | undefined): void {
    this.#inForce += (applied === undefined ? 0 : 1) -
      (entry.applied === undefined ? 0 : 1);
    entry.applied = applied;
  }

  #handOut(
    verb: Verb,
    bans: readonly LocalBan[],
    nowMs: number,
  ): Work {
    const { maxPerSecond } = this.#options;
    this.#nextAtMs = Math.max(this.#nextAtMs, nowMs) +
      bans.length / maxPerSecond * 1_000;
    return { verb, bans };
  }

  #endPauses(nowMs: number): void {
    for (const key of this.#retries.takeDue(nowMs)) {
      const entry = this.#entry(key);
      entry.place = "idle";
      this.#queue(key, entry, this.#backlog);
    }
  }

  #pauseMs(failures: number): number {
    const { firstPauseMs, maxPauseMs } = this.#options;
    return Math.min(firstPauseMs * 2 ** failures, maxPauseMs);
  }
}
