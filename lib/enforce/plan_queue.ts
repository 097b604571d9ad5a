/**
 * Whose turn it is in a plan.
 *
 * @module
 */

import { RetryQueue } from "../async/retry_queue.ts";

/**
 * Keys in the order in which they came, news before the backlog; each is in it
 * once, or pauses.
 *
 * @example
 * ```ts
 * import { PlanQueue } from "./plan_queue.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const queue = new PlanQueue();
 * queue.add("old", "backlog");
 * queue.add("new", "news");
 * deepStrictEqual([...queue.keys()], ["new", "old"]);
 * ```
 */
export class PlanQueue {
  readonly #news = new Set<string>();
  readonly #backlog = new Set<string>();
  readonly #pauses = new RetryQueue();

  /** Keys that wait or pause. */
  get size(): number {
    return this.#news.size + this.#backlog.size + this.#pauses.size;
  }

  /** When the next turn comes: at once, `-Infinity`; `undefined`: none does. */
  get nextAtMs(): number | undefined {
    return this.#news.size + this.#backlog.size > 0
      ? -Infinity
      : this.#pauses.nextMs;
  }

  /** Puts a key that does not wait yet at the end of one part. */
  add(key: string, part: "news" | "backlog"): void {
    (part === "news" ? this.#news : this.#backlog).add(key);
  }

  /** Has a key that does not wait pause until a time. */
  pause(key: string, atMs: number): void {
    this.#pauses.add(key, atMs);
  }

  /** Takes out the keys whose pause is over. */
  takeDue(nowMs: number): readonly string[] {
    return this.#pauses.takeDue(nowMs);
  }

  /** Takes a waiting key out, wherever it is. */
  delete(key: string): void {
    this.#news.delete(key);
    this.#backlog.delete(key);
  }

  /** The keys; one may be taken out meanwhile. */
  *keys(): Generator<string, void, undefined> {
    yield* this.#news;
    yield* this.#backlog;
  }
}
