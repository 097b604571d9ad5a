/**
 * The size of the benchmarks: full, or with `--short` just enough to show that
 * they work.
 *
 * @module
 */

/** Whether the figures of this run do not matter. */
export const IS_SHORT = Deno.args.includes("--short");

/**
 * Chooses the size of something.
 *
 * @param full Size in a full run.
 * @param short Size in a short run.
 */
export function sized<T = number>(full: T, short: T): T {
  return IS_SHORT ? short : full;
}
