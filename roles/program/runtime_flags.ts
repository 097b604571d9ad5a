/**
 * What the runtime is told about each program, compiled or not.
 *
 * @module
 */

/**
 * Half of V8's young generation, in MiB. V8's own limit is 32, and it gets there in
 * some hours of a program that holds 15 MiB: resident memory grows by 50 MiB, and does
 * not come back. What fits a processor's cache is also faster.
 */
const MAX_SEMI_SPACE_MIB = 4;

/** Goes with `deno run` and `deno compile`. */
export const RUNTIME_FLAGS: readonly string[] = [
  `--v8-flags=--max-semi-space-size=${MAX_SEMI_SPACE_MIB}`,
];
