/**
 * The pace of the stream's heartbeats.
 *
 * @module
 */

/** So often it beats, in milliseconds. */
export const HEARTBEAT_MS = 1_000;
