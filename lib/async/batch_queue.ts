/**
 * Collects the submissions of several callers and processes them in batches.
 *
 * @module
 */

import { Condition } from "./tasks.ts";

/** Why a queue rejects a submission. */
export type QueueRejection = "full" | "closed";

/** Options for {@link BatchQueue}. */
export interface BatchQueueOptions {
  /**
   * Maximum number of waiting items; a submission above it is rejected whole.
   */
  readonly maxWaiting: number;
  /**
   * Gives the maximum number of items in the next batch. A longer submission is
   * a batch of its own.
   */
  readonly maxBatch: () => number;
  /** Makes the error for a rejected submission. */
  readonly rejection: (why: QueueRejection) => Error;
}

/** Items that were submitted in one call; all of them succeed or fail. */
export interface Submission<T, R> {
  /** The items, in order. */
  readonly items: readonly T[];
  /** Resolves the caller's promise with the result. */
  readonly resolve: (result: R) => void;
  /** Rejects the caller's promise. */
  readonly reject: (error: unknown) => void;
}

/**
 * A bounded queue of submissions that are processed in batches.
 *
 * @typeParam T An item.
 * @typeParam R The result of a submission.
 *
 * @example
 * ```ts
 * import { rejects, strictEqual } from "node:assert/strict";
 * import { BatchQueue } from "./batch_queue.ts";
 *
 * const queue = new BatchQueue<string, number>({
 *   maxWaiting: 3,
 *   maxBatch: () => 3,
 *   rejection: (why) => new Error(`Cannot take letters: the queue is ${why}`),
 * });
 * const stop = new AbortController();
 * const running = queue.run(stop.signal, (batch) => {
 *   for (const { items, resolve } of batch) resolve(items.length);
 *   return Promise.resolve();
 * });
 * strictEqual(await queue.submit(["a", "b"]), 2);
 * await rejects(queue.submit(["a", "b", "c", "d"]), /the queue is full/);
 * stop.abort("stop");
 * await rejects(running, (reason) => reason === "stop");
 * await rejects(queue.submit(["a"]), /the queue is closed/);
 * ```
 */
export class BatchQueue<T, R = void> {
  readonly #options: BatchQueueOptions;
  readonly #changed = new Condition();
  #waiting: Submission<T, R>[] = [];
  #size = 0;
  #isClosed = false;

  /** @param options Bounds, and the error beyond them. */
  constructor(options: BatchQueueOptions) {
    this.#options = options;
  }

  /** Number of waiting items. */
  get size(): number {
    return this.#size;
  }

  /**
   * Submits items behind those of earlier calls: all or none.
   *
   * @returns The result of the work on them.
   * @throws the `rejection` when there is no room or the queue is closed, and
   * the error with which the work rejects them.
   */
  submit(items: readonly T[]): Promise<R> {
    const { maxWaiting, rejection } = this.#options;
    if (this.#isClosed) return Promise.reject(rejection("closed"));
    if (this.#size + items.length > maxWaiting) {
      return Promise.reject(rejection("full"));
    }
    const { promise, resolve, reject } = Promise.withResolvers<R>();
    this.#waiting.push({ items, resolve, reject });
    this.#size += items.length;
    this.#changed.notify();
    return promise;
  }

  /**
   * Processes batches one after the other until it is aborted or the work
   * throws. It then closes the queue and rejects all waiting submissions. Call
   * it once.
   *
   * @param signal Ends it; the promise then rejects with its reason.
   * @param work Resolves or rejects each submission of a batch. If it throws,
   * the rest of the batch is rejected with that error.
   */
  async run(
    signal: AbortSignal,
    work: (batch: readonly Submission<T, R>[]) => Promise<void>,
  ): Promise<void> {
    try {
      while (true) {
        while (this.#waiting.length === 0) await this.#changed.wait(signal);
        await rejectOnError(this.#nextBatch(), work);
        signal.throwIfAborted();
      }
    } finally {
      this.#isClosed = true;
      const closed = this.#options.rejection("closed");
      for (const { reject } of this.#waiting) reject(closed);
      this.#waiting = [];
      this.#size = 0;
    }
  }

  #nextBatch(): readonly Submission<T, R>[] {
    let count = 0;
    const max = this.#options.maxBatch();
    const more = this.#waiting.findIndex(({ items }, index) => {
      count += items.length;
      return index > 0 && count > max;
    });
    const batch = this.#waiting.splice(0, more < 0 ? Infinity : more);
    for (const { items } of batch) this.#size -= items.length;
    return batch;
  }
}

async function rejectOnError<T, R>(
  batch: readonly Submission<T, R>[],
  work: (batch: readonly Submission<T, R>[]) => Promise<void>,
): Promise<void> {
  try {
    await work(batch);
  } catch (error) {
    for (const { reject } of batch) reject(error);
    throw error;
  }
}
