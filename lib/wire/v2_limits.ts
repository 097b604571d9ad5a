/**
 * Bounds of protocol 2; `docs/PROTOCOL.md` has their reasons.
 *
 * @module
 */

/** Longest body on the control socket, and longest block, in bytes: 1 MiB. */
export const MAX_CONTROL_BYTES = 1_048_576;
/** Longest stream body: 8 KiB. A change takes up to 378 bytes, usually 12. */
export const MAX_STREAM_BYTES = 8_192;
/** Most events in a batch. */
export const MAX_EVENTS = 1_000;
/** Most receipts in a batch. */
export const MAX_RECEIPTS = 1_000;
/** Most actions in a STATE. */
export const MAX_ACTIONS = 8;
/** Highest revision of protocol 2 that a message can name. */
export const MAX_SPOKEN = 255;
/** Most changes in an answer to SYNC, and in a message of the stream. */
export const MAX_CHANGES = 1_000;
/** Highest part number of a snapshot. */
export const MAX_PART = 999_999;
/** Longest token, in characters; as in protocol 1. */
export const MAX_SECRET_LENGTH = 256;
/** Longest text for a log, in characters. */
export const MAX_WORDS_LENGTH = 200;
/** Longest time on the wire, in milliseconds: 100 years of 365.25 days. */
export const MAX_SPAN_MS = 3_155_760_000_000;
