/**
 * Notices that a followed log will never yield an event, because its lines do
 * not begin as `logformat` says.
 *
 * @module
 */

import { LogThrottle } from "../log/log_throttle.ts";
import type { Clock } from "../async/clock.ts";
import type { Log } from "../log/log.ts";
import { type LineTally, LogScanner } from "../fail2ban/log_scanner.ts";
import { LOG_FORMATS, type LogFormat } from "../fail2ban/log_format.ts";

/** Counts of a log's lines. */
export interface FormatCounters {
  /** Lines that were read. */
  lines: number;
  /** Lines that do not begin as `logformat` says. */
  notUnderstood: number;
  /** Such lines that seem to report a ban. */
  bansNotUnderstood: number;
}

/**
 * More consecutive lines of another form are another format: a traceback is
 * shorter.
 */
const MAX_UNKNOWN_LINES = 50;
/** Characters of a line that are shown. */
const SAMPLE_LENGTH = 60;

/** Counts lines, and logs an error once none of them is understood. */
export class FormatWatch implements LineTally {
  readonly counters: FormatCounters = {
    lines: 0,
    notUnderstood: 0,
    bansNotUnderstood: 0,
  };
  readonly #format: LogFormat;
  readonly #log: Log;
  readonly #bans: LogThrottle;
  #unknownInARow = 0;
  #isOther = false;

  /**
   * @param format How lines should begin.
   * @param log Receives log records.
   * @param clock Time.
   */
  constructor(format: LogFormat, log: Log, clock: Clock) {
    this.#format = format;
    this.#log = log;
    this.#bans = new LogThrottle(log, clock, { burst: 1, periodMs: 60_000 });
  }

  /** Whether all recent lines have another format. */
  get isOther(): boolean {
    return this.#isOther;
  }

  understood(): void {
    this.counters.lines++;
    this.#unknownInARow = 0;
    if (!this.#isOther) return;
    this.#isOther = false;
    this.#log.record("notice", "the log's lines begin as logformat says again");
  }

  unknown(line: string, hasBan: boolean): void {
    const { counters } = this;
    counters.lines++;
    counters.notUnderstood++;
    this.#unknownInARow++;
    const sample = { logformat: this.#format, line: masked(line) };
    if (hasBan) {
      counters.bansNotUnderstood++;
      const event =
        "a ban stands in a line that does not begin as logformat says";
      this.#bans.record("warning", event, sample);
    }
    const isFirst = counters.lines === counters.notUnderstood && hasBan;
    if (this.#isOther) return;
    if (!isFirst && this.#unknownInARow < MAX_UNKNOWN_LINES) return;
    this.#isOther = true;
    const event =
      "no line of the log begins as logformat says: its bans are not reported";
    const other = formatOf(line);
    const hint = other === undefined
      ? "set logformat to what fail2ban's lines look like, and logtarget without a format of its own"
      : `set logformat = ${other}, which this line begins as`;
    const lines = this.#unknownInARow;
    this.#log.record("error", event, { lines, ...sample, hint });
  }
}

/** Records are longer than the kept part of a line. */
const RECORD_BEGINNINGS: readonly (readonly [RegExp, LogFormat])[] = [
  [/^\{"log":/, "docker-json"],
  [/^\{"(?:_|MESSAGE|PRIORITY|SYSLOG_)/, "journal-json"],
];

/** The format of a line; `undefined`: none. */
export function formatOf(line: string): LogFormat | undefined {
  for (const [beginning, format] of RECORD_BEGINNINGS) {
    if (beginning.test(line)) return format;
  }
  const bytes = new TextEncoder().encode(line);
  return LOG_FORMATS.find((format) => {
    let isUnderstood = false;
    new LogScanner(format, {
      understood: () => isUnderstood = true,
      unknown: () => isUnderstood = false,
    }).read(bytes);
    return isUnderstood;
  });
}

/** The beginning of a line, without its digits. */
function masked(line: string): string {
  return line.slice(0, SAMPLE_LENGTH).replace(/[0-9]/g, "0")
    .replace(/[^\x20-\x7e]/g, "?");
}
