/**
 * Finds out which of several things make an attempt with all of them fail.
 *
 * @module
 */

/** How an attempt went: `undefined` is well, otherwise why it failed. */
export type FailureReason = string | undefined;

/** What is asked about a failed attempt. */
export interface FailedAttempt<T> {
  /** All of them; at least one. */
  readonly items: readonly T[];
  /** Why it failed. */
  readonly reason: string;
  /** Tries it with some of them. */
  readonly attempt: (items: readonly T[]) => Promise<FailureReason>;
  /** Attempts at most. */
  readonly maxAttempts: number;
}

/** Something that makes an attempt fail. */
export interface FailedItem<T> {
  readonly item: T;
  /** Why. */
  readonly reason: string;
}

/**
 * Halves a failed attempt until what fails stands alone. An attempt that goes
 * well stands: with it, its items are done.
 *
 * @returns What was not done, in order: the items that failed, and those with which no
 * attempt was left.
 *
 * @example
 * ```ts
 * import { bisectFailures } from "./bisect_failures.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const attempt = (items: readonly number[]) =>
 *   Promise.resolve(items.includes(3) ? "three" : undefined);
 * deepStrictEqual(
 *   await bisectFailures({ items: [1, 2, 3, 4], reason: "three", attempt, maxAttempts: 10 }),
 *   [{ item: 3, reason: "three" }],
 * );
 * ```
 */
export async function bisectFailures<T>(
  failed: FailedAttempt<T>,
): Promise<FailedItem<T>[]> {
  const { attempt, maxAttempts } = failed;
  const failures: FailedItem<T>[] = [];
  // The first one is looked at next; halves stay in order.
  const suspects = [failed as Pick<FailedAttempt<T>, "items" | "reason">];
  let attempts = 0;
  for (let group = suspects.shift(); group; group = suspects.shift()) {
    const { items, reason } = group;
    if (items.length === 1 || attempts + 2 > maxAttempts) {
      failures.push(...items.map((item) => ({ item, reason })));
      continue;
    }
    const middle = items.length >> 1;
    const halves = [items.slice(0, middle), items.slice(middle)];
    const refused: typeof suspects = [];
    for (const half of halves) {
      attempts++;
      const refusal = await attempt(half);
      if (refusal !== undefined) refused.push({ items: half, reason: refusal });
    }
    suspects.unshift(...refused);
  }
  return failures;
}
