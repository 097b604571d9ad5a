/**
 * Bounds that several rooms share.
 *
 * @module
 */

/** Addresses and prefixes in WELCOME at most: 46 bytes each, at the longest. */
export const MAX_IGNORE = 20_000;
