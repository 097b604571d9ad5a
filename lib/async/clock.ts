/**
 * The port of time.
 *
 * An aborted wait rejects with the signal's reason.
 *
 * @module
 */

/** Tells the time, and waits. */
export interface Clock {
  /** Milliseconds since 1970, for timestamps. It may jump. */
  nowMs(): number;
  /** Milliseconds since an arbitrary moment, for measuring. It never jumps. */
  monotonicMs(): number;
  /** Resolves after `ms` milliseconds; rejects with the reason on abort. */
  delay(ms: number, signal: AbortSignal): Promise<void>;
}
