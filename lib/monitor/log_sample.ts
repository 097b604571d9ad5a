/**
 * Measures how much of a piece of a log begins as `logformat` says.
 *
 * @module
 */

import type { LogFormat } from "../fail2ban/log_format.ts";
import { LogScanner } from "../fail2ban/log_scanner.ts";
import { formatOf } from "./format_watch.ts";

/** How the lines of a piece begin. */
export interface LogSample {
  readonly lines: number;
  /** Number of lines that begin differently. */
  readonly unknown: number;
  /** The format of the last such line; `undefined`: none of ours. */
  readonly other: LogFormat | undefined;
}

/**
 * Judges whole lines.
 *
 * @param bytes The lines.
 * @param format How they should begin.
 */
export function judgeSample(bytes: Uint8Array, format: LogFormat): LogSample {
  let understood = 0;
  const unknown: string[] = [];
  const scanner = new LogScanner(format, {
    understood: () => understood++,
    unknown: (line) => unknown.push(line),
  });
  for (const _event of scanner.scan(bytes)) {
    // The loop only counts lines, whatever they say.
  }
  return {
    lines: understood + unknown.length,
    unknown: unknown.length,
    other: formatOf(unknown.at(-1) ?? ""),
  };
}
