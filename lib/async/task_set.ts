/**
 * Owns tasks that nobody awaits where they start.
 *
 * @module
 */

import { Condition, runTogether } from "./tasks.ts";

/**
 * Tasks that run beside other work. The first failure ends that work, and is
 * thrown once: by {@link TaskSet.run}, {@link TaskSet.failed} or {@link
 * TaskSet.throwIfFailed}. The set has no limit: the code that adds tasks sets
 * one.
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

  /** Number of running tasks. */
  get size(): number {
    return this.#running.size;
  }

  /** Starts a task. */
  add(task: () => Promise<void>): void {
    const running = this.#follow(task)
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /**
   * Runs work and watches the tasks meanwhile; settles once all have ended.
   *
   * @param signal Ends the work. Tasks have to end by themselves soon after.
   * @param work As for {@link runTogether}.
   * @throws the first failure, of the work or of a task.
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

  /** Throws the first failure of a task, unless it was thrown before. */
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
