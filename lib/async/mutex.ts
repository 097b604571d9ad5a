/**
 * Mutual exclusion of tasks in one process.
 *
 * @module
 */

import { Condition } from "./tasks.ts";

/**
 * A lock that one task holds at a time. Tasks get it in the order in which they
 * asked. (For an `ExclusiveWait`, a second caller is a mistake.)
 *
 * @example
 * ```ts
 * import { deepStrictEqual } from "node:assert/strict";
 * import { Mutex } from "./mutex.ts";
 *
 * const mutex = new Mutex();
 * const { signal } = new AbortController();
 * const steps: string[] = [];
 * await Promise.all(["a", "b"].map((name) =>
 *   mutex.withLock(signal, async () => {
 *     steps.push(`${name} begins`);
 *     await Promise.resolve();
 *     steps.push(`${name} ends`);
 *   })
 * ));
 * deepStrictEqual(steps, ["a begins", "a ends", "b begins", "b ends"]);
 * ```
 */
export class Mutex {
  readonly #changed = new Condition();
  /** The task that holds the lock, followed by those that wait for it. */
  readonly #queue = new Set<symbol>();

  /**
   * Runs work while it holds the lock.
   *
   * @typeParam T The result of the work.
   * @param signal Ends the wait for the lock, not the work.
   * @param work What to do.
   * @throws the signal's reason on abort, and what the work throws.
   */
  async withLock<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const turn = Symbol("turn");
    this.#queue.add(turn);
    try {
      while (this.#first !== turn) await this.#changed.wait(signal);
      return await work();
    } finally {
      this.#queue.delete(turn);
      this.#changed.notify();
    }
  }

  get #first(): symbol | undefined {
    return this.#queue.values().next().value;
  }
}
