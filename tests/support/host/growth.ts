/**
 * Measures how the time of work grows with its size.
 *
 * @module
 */

const ROUNDS = 3;
const FACTOR = 10;

/**
 * Compares one run of ten times the size with ten runs of the size, in
 * alternation, so that the machine's speed and load affect both. Takes the
 * shortest of several rounds for each.
 *
 * @param size The smaller size.
 * @param work Does work of a size; its result is kept until the round is over,
 * so that both sides use the same memory.
 * @returns About 1 for linear growth, about 10 for quadratic growth.
 */
export function growth(size: number, work: (size: number) => unknown): number {
  let smallMs = Infinity;
  let largeMs = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    smallMs = Math.min(smallMs, timeOf(FACTOR, () => work(size)));
    largeMs = Math.min(largeMs, timeOf(1, () => work(size * FACTOR)));
  }
  return largeMs / smallMs;
}

function timeOf(count: number, work: () => unknown): number {
  const startMs = performance.now();
  const kept = Array.from({ length: count }, work);
  const tookMs = performance.now() - startMs;
  kept.length = 0;
  return tookMs;
}
