/**
 * The stream's heartbeats.
 *
 * @module
 */

/** Interval between heartbeats, in milliseconds. */
export const HEARTBEAT_MS = 1_000;
