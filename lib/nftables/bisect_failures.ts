/**
 * Finds which of several items make an attempt with all of them fail.
 *
 * @module
 */

/** Why an attempt failed; `undefined`: it succeeded. */
export type FailureReason = string | undefined;

/** A failed attempt, and how to repeat it with fewer items. */
export interface FailedAttempt<T> {
  /** All items of the attempt; at least one. */
  readonly items: readonly T[];
  /** Why it failed. */
  readonly reason: string;
  /** Repeats it with some of the items. */
  readonly attempt: (items: readonly T[]) => Promise<FailureReason>;
  /** Maximum number of further attempts. */
  readonly maxAttempts: number;
}

/** An item that was not done. */
export interface FailedItem<T> {
  readonly item: T;
  /** Why the last attempt with it failed. */
  readonly reason: string;
}

/**
 * Halves a failed attempt until each item that fails is alone. The items of an
 * attempt that succeeds are done.
 *
 * @returns The items that were not done, in order: those that failed alone, and
 * those of groups for which no attempt was left.
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
  // A queue of groups; halves go back to its front, so that the order stays.
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
