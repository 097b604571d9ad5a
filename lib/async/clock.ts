/**
 * The port of time.
 *
 * An aborted wait rejects with the signal's reason.
 *
 * @module
 */

/** Time. */
export interface Clock {
  /** Milliseconds since 1970, for stamps. It may jump. */
  nowMs(): number;
  /** Milliseconds since some moment, for measuring. It never jumps. */
  monotonicMs(): number;
  /** Resolves after `ms` milliseconds; rejects with the reason on abort. */
  delay(ms: number, signal: AbortSignal): Promise<void>;
}
