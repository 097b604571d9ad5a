/**
 * Processes many items in short turns.
 *
 * @module
 */

import type { SharedTurns } from "./shared_turns.ts";

/** Items between two looks at the clock, which cost more than one item. */
const CLOCK_STEPS = 16;

/**
 * Processes each of many items.
 *
 * @param items May change meanwhile, as far as the collection allows it.
 * @param signal Ends it.
 * @param work Must be short.
 * @throws the signal's reason on abort, and what the work throws.
 */
export async function eachInTurns<T>(
  turns: SharedTurns,
  items: Iterable<T>,
  signal: AbortSignal,
  work: (item: T) => void,
): Promise<void> {
  const all = items[Symbol.iterator]();
  for (let isDone = false; !isDone;) {
    await turns.take(signal, (isOver) => {
      for (let steps = 1; !isDone; steps++) {
        const next = all.next();
        isDone = next.done === true;
        if (next.done !== true) work(next.value);
        if (steps % CLOCK_STEPS === 0 && isOver()) return;
      }
    });
  }
}

/**
 * Does one write in a turn.
 *
 * @param signal Ends the waits, not the write.
 * @param write Must be short.
 * @returns The result of the write, after the pause that follows the turn.
 * @throws the signal's reason on abort, and what the write rejects with.
 */
export async function writeInTurn<T>(
  turns: SharedTurns,
  signal: AbortSignal,
  write: () => Promise<T>,
): Promise<T> {
  // The write may reject during the pause, before anybody awaits it.
  const [outcome] = await turns.take(
    signal,
    () => Promise.allSettled([write()]),
  );
  if (outcome.status === "rejected") throw outcome.reason;
  return outcome.value;
}
