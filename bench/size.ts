/**
 * How much the benchmarks do: all of it, or with `--short` so little that it
 * only shows that they work.
 *
 * @module
 */

/** Whether this is a run whose figures are of no account. */
export const IS_SHORT = Deno.args.includes("--short");

/**
 * How many of something a run has.
 *
 * @param full In a run whose figures count.
 * @param short In a short one.
 */
export function sized<T = number>(full: T, short: T): T {
  return IS_SHORT ? short : full;
}
