/**
 * Bounds that several rooms share.
 *
 * @module
 */

/** Most addresses and prefixes in a WELCOME; each takes 46 bytes at most. */
export const MAX_IGNORE = 20_000;
