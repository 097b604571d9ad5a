/**
 * An owner for tasks that nobody waits for where they start.
 *
 * @module
 */

import { Condition, runTogether } from "./tasks.ts";

/**
 * Tasks that were started beside other work. Their first failure ends that
 * work, and is thrown once: by {@link TaskSet.run}, {@link TaskSet.failed} or
 * {@link TaskSet.throwIfFailed}. The set has no bound of its own: whoever adds
 * to it has one.
 *
 * @example
 * ```ts
 * import { rejects } from "node:assert/strict";
 * import { Condition } from "./tasks.ts";
 * import { TaskSet } from "./task_set.ts";
 *
 * const tasks = new TaskSet();
 * tasks.add(() => Promise.reject(new Error("broken")));
 * const never = new Condition();
 * const { signal } = new AbortController();
 * await rejects(tasks.run(signal, (group) => never.wait(group)), /broken/);
 * ```
 */
export class TaskSet {
  readonly #running = new Set<Promise<void>>();
  readonly #changed = new Condition();
  #failure: { readonly error: unknown } | undefined;

  /** Tasks that have not ended. */
  get size(): number {
    return this.#running.size;
  }

  /** Starts a task at once. */
  add(task: () => Promise<void>): void {
    const running = this.#follow(task)
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /**
   * Works while it looks after the tasks; settles once these have ended, too.
   *
   * @param signal Ends the work. Tasks have to end by themselves soon after.
   * @param work As for {@link runTogether}.
   * @throws what failed first, the work or a task.
   */
  async run(
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    try {
      await runTogether(signal, [work, (group) => this.failed(group)]);
    } finally {
      while (this.#running.size > 0) await Promise.all(this.#running);
    }
    this.throwIfFailed();
  }

  /**
   * Waits for a task to fail.
   *
   * @param signal Ends the wait.
   * @throws what the task threw, and the signal's reason on abort.
   */
  async failed(signal: AbortSignal): Promise<never> {
    while (true) {
      this.throwIfFailed();
      await this.#changed.wait(signal);
    }
  }

  /** Throws what a task threw, unless that was thrown before. */
  throwIfFailed(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
  }

  async #follow(task: () => Promise<void>): Promise<void> {
    try {
      await task();
    } catch (error) {
      this.#failure ??= { error };
      this.#changed.notify();
    }
  }
}
