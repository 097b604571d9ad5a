/**
 * When, and in which order, a plan hands out its bans.
 *
 * @module
 */

import { RetryQueue } from "../async/retry_queue.ts";

/**
 * A queue of bans in order of arrival, news before the backlog. Each ban is in
 * it once, or pauses.
 *
 * @example
 * ```ts
 * import { PlanQueue } from "./plan_schedule.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const queue = new PlanQueue<string>();
 * queue.add("old", "backlog");
 * queue.add("new", "news");
 * deepStrictEqual([...queue.waiting()], ["new", "old"]);
 * ```
 */
export class PlanQueue<T> {
  #news = new Set<T>();
  #backlog = new Set<T>();
  readonly #pauses = new RetryQueue<T>();

  /** Number of items that wait or pause. */
  get size(): number {
    return this.#news.size + this.#backlog.size + this.#pauses.size;
  }

  /** Moves all waiting items to the backlog. */
  postpone(): void {
    for (const each of this.#backlog) this.#news.add(each);
    [this.#news, this.#backlog] = [new Set(), this.#news];
  }

  /** Whether there is news. */
  get hasNews(): boolean {
    return this.#news.size > 0;
  }

  /**
   * When the next item is due; `-Infinity`: now; `undefined`: the queue is
   * empty.
   */
  get nextAtMs(): number | undefined {
    return this.#news.size + this.#backlog.size > 0
      ? -Infinity
      : this.#pauses.nextMs;
  }

  /** Appends an item that does not wait yet to one part. */
  add(one: T, part: "news" | "backlog"): void {
    (part === "news" ? this.#news : this.#backlog).add(one);
  }

  /** Pauses an item that does not wait, until a time. */
  pause(one: T, atMs: number): void {
    this.#pauses.add(one, atMs);
  }

  /** Removes and returns the items whose pause is over. */
  takeDue(nowMs: number): readonly T[] {
    return this.#pauses.takeDue(nowMs);
  }

  /** Removes a waiting item from either part. */
  delete(one: T): void {
    this.#news.delete(one);
    this.#backlog.delete(one);
  }

  /**
   * The waiting items, in order; an item may be deleted during the iteration.
   *
   * @param onlyNews Whether the backlog is left out.
   */
  *waiting(onlyNews = false): Generator<T, void, undefined> {
    yield* this.#news;
    if (!onlyNews) yield* this.#backlog;
  }
}

/** Options for the rate of a plan. */
export interface PlanRateOptions {
  /** Maximum bans handed out per second. @default {Infinity} */
  readonly maxPerSecond?: number;
  /** First pause after a failure, then doubled, in ms. @default {1000} */
  readonly firstPauseMs?: number;
  /** Longest pause of a failed ban, in milliseconds. @default {300000} */
  readonly maxPauseMs?: number;
  /**
   * Longest pause of everything after a batch that failed as a whole, in
   * milliseconds: the enforcing program is usually back soon. @default {60000}
   */
  readonly maxBatchPauseMs?: number;
}

/** Keeps the rate, and the pauses after failures. Time is an argument. */
export class PlanRate {
  readonly #options: Required<PlanRateOptions>;
  #nextAtMs = -Infinity;
  #failedBatches = 0;

  /** @param options The rate and the pauses. */
  constructor(options: PlanRateOptions = {}) {
    const { maxPerSecond = Infinity } = options;
    const { firstPauseMs = 1_000, maxPauseMs = 300_000 } = options;
    const { maxBatchPauseMs = 60_000 } = options;
    this.#options = { maxPerSecond, firstPauseMs, maxPauseMs, maxBatchPauseMs };
  }

  /** When the next batch may be handed out. */
  get nextAtMs(): number {
    return this.#nextAtMs;
  }

  /** Maximum bans in a batch, so that none takes more than its second. */
  get maxBansAtOnce(): number {
    return Math.max(1, Math.floor(this.#options.maxPerSecond));
  }

  /** Records that bans were handed out. */
  handedOut(bans: number, nowMs: number): void {
    this.#nextAtMs = nowMs + bans / this.#options.maxPerSecond * 1_000;
  }

  /** Records that a batch failed as a whole: everything waits. */
  failed(nowMs: number): void {
    const { maxBatchPauseMs } = this.#options;
    const pauseMs = this.pauseMs(this.#failedBatches++);
    const againAtMs = nowMs + Math.min(pauseMs, maxBatchPauseMs);
    this.#nextAtMs = Math.max(this.#nextAtMs, againAtMs);
  }

  /** Records that a batch did not fail as a whole. */
  worked(): void {
    this.#failedBatches = 0;
  }

  /**
   * Pause before another try.
   *
   * @param failures Number of earlier failures.
   */
  pauseMs(failures: number): number {
    const { firstPauseMs, maxPauseMs } = this.#options;
    return Math.min(firstPauseMs * 2 ** failures, maxPauseMs);
  }
}
