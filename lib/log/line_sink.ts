/**
 * The port for finished lines: standard error, a file, syslog.
 *
 * @module
 */

import type { Severity } from "./log.ts";

/** A line to be written. */
export interface OutputLine {
  /** Its severity; syslog sorts by it. */
  readonly severity: Severity;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** One line, without time stamp, sender and line end. */
  readonly text: string;
}

/** Accepts lines, in order. */
export interface LineSink {
  /**
   * Accepts a line. Never throws, never waits: when too many wait, the oldest
   * are dropped.
   */
  write(line: OutputLine): void;
  /**
   * Waits until all accepted lines are written.
   *
   * @param signal Aborts the wait.
   * @throws {RuntimeError} when a line was lost since the last call, or the
   * wait takes too long; waiting lines are still written once that is possible.
   */
  flush(signal: AbortSignal): Promise<void>;
}
