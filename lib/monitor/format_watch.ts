/**
 * Notices that a log is followed which will never say anything: its lines
 * begin otherwise than `logformat` says.
 *
 * @module
 */

import { LogThrottle } from "../log/log_throttle.ts";
import type { Clock } from "../async/clock.ts";
import type { Log } from "../log/log.ts";
import type { LineTally } from "../fail2ban/log_line.ts";
import type { LogFormat } from "../fail2ban/log_format.ts";

/** What the lines of a log were. */
export interface FormatCounters {
  /** Lines that were read. */
  lines: number;
  /** Lines that do not begin as `logformat` says. */
  notUnderstood: number;
  /** Of these, lines that seem to tell of a ban. */
  bansNotUnderstood: number;
}

/** So many lines in a row that begin otherwise are another format: a traceback is shorter. */
const MAX_UNKNOWN_LINES = 50;
/** So much of a line is shown, in characters. */
const SAMPLE_LENGTH = 60;

/** Counts lines, and says loudly once that none is understood. */
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
   * @param log Where to tell.
   * @param clock Time.
   */
  constructor(format: LogFormat, log: Log, clock: Clock) {
    this.#format = format;
    this.#log = log;
    this.#bans = new LogThrottle(log, clock, { burst: 1, periodMs: 60_000 });
  }

  /** Whether the last lines all begin otherwise. */
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
    const hint =
      "set logformat to what fail2ban's lines look like, and logtarget without a format of its own";
    const lines = this.#unknownInARow;
    this.#log.record("error", event, { lines, ...sample, hint });
  }
}

/** How a line begins, without what it says of whom. */
function masked(line: string): string {
  return line.slice(0, SAMPLE_LENGTH).replace(/[0-9]/g, "0")
    .replace(/[^\x20-\x7e]/g, "?");
}
