/**
 * Where finished lines go: standard error, a file, syslog.
 *
 * @module
 */

import type { Severity } from "./log.ts";

/** A line on its way out. */
export interface OutputLine {
  /** How much it matters; syslog sorts by it. */
  readonly severity: Severity;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** One line, without stamp, sender and line end. */
  readonly text: string;
}

/** Takes lines, in order. */
export interface LineSink {
  /** Takes a line. Never throws, never waits: when too many wait, the oldest go. */
  write(line: OutputLine): void;
  /**
   * Waits until all that was taken so far is out.
   *
   * @param signal Ends the wait.
   * @throws {RuntimeError} when a line was lost since the last call, or it
   * takes too long; the lines that wait are still written as soon as that is
   * possible.
   */
  flush(signal: AbortSignal): Promise<void>;
}
