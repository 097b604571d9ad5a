/**
 * Runs long work beside urgent work in one thread.
 *
 * @module
 */

import type { Clock } from "./clock.ts";
import { Mutex } from "./mutex.ts";

/** Options for {@link SharedTurns}. */
export interface SharedTurnsOptions {
  readonly clock: Pick<Clock, "monotonicMs" | "delay">;
  /** Duration of a turn, during which nothing else runs. @default {4} */
  readonly turnMs?: number;
}

/** Shortest pause after a turn, in which newly arrived messages are read. */
const MIN_PAUSE_MS = 1;

/**
 * Makes all long work of a process take turns: one at a time, each short, and
 * after each a pause of the same length. However much long work there is, other
 * work waits for one turn at most and gets half of the time.
 *
 * @example
 * ```ts
 * import { SharedTurns } from "./shared_turns.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * let nowMs = 0;
 * const clock = { monotonicMs: () => nowMs, delay: () => Promise.resolve() };
 * const turns = new SharedTurns({ clock, turnMs: 4 });
 * let done = 0;
 * const { signal } = new AbortController();
 * while (done < 10) {
 *   await turns.take(signal, (isOver) => {
 *     for (; done < 10 && !isOver(); done++) nowMs += 1;
 *   });
 * }
 * strictEqual(done, 10);
 * ```
 */
export class SharedTurns {
  readonly #options: Required<SharedTurnsOptions>;
  readonly #mutex = new Mutex();

  /** @param options See {@link SharedTurnsOptions}. */
  constructor(options: SharedTurnsOptions) {
    this.#options = { turnMs: 4, ...options };
  }

  /**
   * Works for one turn; resolves after the pause that follows.
   *
   * @typeParam T The result of the work.
   * @param signal Ends the waits.
   * @param work Does at least one step, and returns soon after `isOver` says
   * that the turn is over.
   * @throws the signal's reason on abort, and what the work throws.
   */
  async take<T>(
    signal: AbortSignal,
    work: (isOver: () => boolean) => T,
  ): Promise<T> {
    const { clock, turnMs } = this.#options;
    return await this.#mutex.withLock(signal, async () => {
      const startMs = clock.monotonicMs();
      const result = work(() => clock.monotonicMs() - startMs >= turnMs);
      const tookMs = clock.monotonicMs() - startMs;
      await clock.delay(Math.max(MIN_PAUSE_MS, tookMs), signal);
      return result;
    });
  }
}
