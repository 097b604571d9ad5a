/**
 * How the time that work takes grows with its size.
 *
 * @module
 */

const ROUNDS = 3;
const FACTOR = 10;

/**
 * Compares one run of ten times the size with ten runs of the size, side by
 * side: the machine's speed, and what else it does, count on both sides. The
 * shortest of some rounds is taken of each.
 *
 * @param size The smaller size.
 * @param work Does as much work as it is told; what it gives is kept until the
 * round is over, so that both sides hold the same memory.
 * @returns About 1 where time grows with the size, about 10 where it grows with
 * the size's square.
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
