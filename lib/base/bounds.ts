/**
 * Bounds that several rooms share.
 *
 * @module
 */

/**
 * Maximum number of addresses and prefixes in a WELCOME, of at most 46 bytes
 * each.
 */
export const MAX_IGNORE = 20_000;
