/**
 * Coordinates the tasks of one process.
 *
 * @module
 */

import { EitherSignal } from "./either_signal.ts";
import type { Clock } from "./clock.ts";

/**
 * A condition that tasks wait for. `notify` wakes all of them, and each then
 * checks again whether its condition holds.
 *
 * @example
 * ```ts
 * import { Condition } from "./tasks.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const changed = new Condition();
 * let ready = false;
 * const waiting = (async () => {
 *   while (!ready) await changed.wait(new AbortController().signal);
 *   return "woken";
 * })();
 * ready = true;
 * changed.notify();
 * strictEqual(await waiting, "woken");
 * ```
 */
export class Condition {
  #waiters = new Set<() => void>();

  /** Wakes all waiting tasks. */
  notify(): void {
    const waiters = this.#waiters;
    if (waiters.size === 0) return;
    this.#waiters = new Set();
    for (const wake of waiters) wake();
  }

  /**
   * Waits for the next {@link Condition.notify}.
   *
   * @param signal Ends the wait.
   * @throws the signal's reason on abort.
   */
  async wait(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const waiter = Promise.withResolvers<void>();
    const abort = () => waiter.reject(signal.reason);
    this.#waiters.add(waiter.resolve);
    signal.addEventListener("abort", abort, { once: true });
    try {
      await waiter.promise;
    } finally {
      this.#waiters.delete(waiter.resolve);
      signal.removeEventListener("abort", abort);
    }
  }
}

/**
 * Reason with which a group ends; Deno's default reason captures a stack each
 * time.
 */
const THE_END: unknown = { name: "the end of a group of tasks" };

/**
 * Runs tasks side by side. When the first one ends, with or without an error,
 * the others are aborted. Settles once all have ended.
 *
 * @param signal Ends all of them.
 * @param tasks The tasks; each must end soon after its signal is aborted, and
 * may then throw the signal's reason.
 * @throws the first error of a task, even if the task threw it while ending.
 *
 * @example
 * ```ts
 * import { Condition, runTogether } from "./tasks.ts";
 * import { rejects } from "node:assert/strict";
 *
 * const never = new Condition();
 * await rejects(
 *   runTogether(new AbortController().signal, [
 *     (signal) => never.wait(signal),
 *     () => Promise.reject(new Error("first")),
 *   ]),
 *   /first/,
 * );
 * ```
 */
export async function runTogether(
  signal: AbortSignal,
  tasks: readonly ((signal: AbortSignal) => Promise<void>)[],
): Promise<void> {
  const group = new AbortController();
  using either = new EitherSignal([signal, group.signal]);
  const { signal: both } = either;
  let failure: { readonly error: unknown } | undefined;
  const run = async (task: (signal: AbortSignal) => Promise<void>) => {
    try {
      await task(both);
    } catch (error) {
      const isEnd = both.aborted && error === both.reason;
      if (!isEnd) failure ??= { error };
    } finally {
      group.abort(THE_END);
    }
  };
  await Promise.all(tasks.map(run));
  if (failure !== undefined) throw failure.error;
}

/**
 * Runs work with a timeout.
 *
 * @typeParam T The result of the work.
 * @param clock Measures the time.
 * @param timeoutMs The timeout, in milliseconds.
 * @param signal Ends it.
 * @param work Must end soon after its signal is aborted, and may then throw
 * that signal's reason.
 * @returns The result of the work; `undefined` after a timeout.
 * @throws what the work throws, and the signal's reason on abort.
 */
export async function inTime<T>(
  clock: Pick<Clock, "delay">,
  timeoutMs: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  let value: T | undefined;
  await runTogether(signal, [
    async (group) => {
      value = await work(group);
    },
    (group) => clock.delay(timeoutMs, group),
  ]);
  signal.throwIfAborted();
  return value;
}
