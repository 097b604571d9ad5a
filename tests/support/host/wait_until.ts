import { deadline } from "./deadline.ts";

/** Looks take a part of the time at most: who looks can't read what programs print meanwhile. */
const REST_FACTOR = 4;

/** How long to wait, and what to call it when it never comes. */
export interface WaitOptions {
  /** What is waited for, for the error; a function says how it stands then. */
  readonly what: string | (() => string);
  /** Milliseconds that it may take on a quiet machine; {@link deadline} makes of it when to give up. */
  readonly timeoutMs?: number;
  /** Milliseconds between two looks; longer where a look takes long. */
  readonly intervalMs?: number;
}

/**
 * Waits until a condition holds.
 *
 * @param condition Looks; anything but `false` and `undefined` is what was waited for.
 * @param options How long.
 * @returns What the condition gave.
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
