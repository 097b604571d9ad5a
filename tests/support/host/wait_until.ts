import { deadline } from "./deadline.ts";

/**
 * Limits the share of time for checks: during a check this process can't read
 * the output of programs.
 */
const REST_FACTOR = 4;

/** Options for {@link waitUntil}. */
export interface WaitOptions {
  /**
   * The awaited condition, for the error; a function also describes the current
   * state.
   */
  readonly what: string | (() => string);
  /**
   * Time limit on a quiet machine, in milliseconds; {@link deadline} scales it.
   */
  readonly timeoutMs?: number;
  /** Interval between checks in milliseconds; longer for slow checks. */
  readonly intervalMs?: number;
}

/**
 * Waits until a condition holds.
 *
 * @param condition The check; any result but `false` and `undefined` ends the
 * wait.
 * @param options The description and time limit.
 * @returns The condition's result.
 * @throws {Error} when it does not hold in time.
 */
export async function waitUntil<T>(
  condition: () => T | Promise<T>,
  options: WaitOptions,
): Promise<Exclude<T, false | undefined>> {
  const { what, timeoutMs = 5_000, intervalMs = 5 } = options;
  const limitMs = deadline(timeoutMs);
  const endMs = performance.now() + limitMs;
  while (true) {
    const lookedMs = performance.now();
    const value = await condition();
    if (value !== false && value !== undefined) {
      return value as Exclude<T, false | undefined>;
    }
    const nowMs = performance.now();
    if (nowMs > endMs) {
      const whatText = typeof what === "string" ? what : what();
      throw new Error(`Waited ${limitMs} ms in vain for ${whatText}`);
    }
    const restMs = Math.max(intervalMs, REST_FACTOR * (nowMs - lookedMs));
    await new Promise((resolve) => setTimeout(resolve, restMs));
  }
}

/**
 * Waits for a promise that a defect would settle far too late, or never.
 *
 * @returns What the promise resolves to.
 * @throws {Error} when it is not settled in time, and its own error.
 */
export async function untilSettled<T>(
  promise: Promise<T>,
  options: WaitOptions,
): Promise<T> {
  let isSettled = false;
  const settle = () => {
    isSettled = true;
  };
  promise.then(settle, settle);
  await waitUntil(() => isSettled, options);
  return await promise;
}
