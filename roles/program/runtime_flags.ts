/**
 * Runtime options of each program, compiled or not.
 *
 * @module
 */

/**
 * Size of half of V8's young generation, in MiB. V8's own limit is 32, which a
 * program with 15 MiB of live data reaches after some hours: its resident
 * memory then grows by 50 MiB for good. A size that fits the processor's cache
 * is also faster.
 */
const MAX_SEMI_SPACE_MIB = 4;

/** Options for `deno run` and `deno compile`. */
export const RUNTIME_FLAGS: readonly string[] = [
  `--v8-flags=--max-semi-space-size=${MAX_SEMI_SPACE_MIB}`,
];
