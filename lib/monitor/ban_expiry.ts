/**
 * Until when this host's bans hold.
 *
 * fail2ban's line does not say it. The row of its database does, but comes
 * after the line; else the ban time of the jail counts from when the line was
 * written. What neither the database nor the line tells is assumed, and that
 * is said.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { JailTimes, TicketRow, TicketRows } from "../fail2ban/ports.ts";
import type { JailName } from "../base/jail_name.ts";
import { endInLine, timeOfLine } from "../fail2ban/line_time.ts";
import { LogThrottle } from "../log/log_throttle.ts";
import type { Clock } from "../async/clock.ts";
import type { Log } from "../log/log.ts";

/** What is asked for. */
export interface BanExpiryOptions {
  /** The rows of fail2ban's database. */
  readonly rows: TicketRows;
  /** The ban times of fail2ban's jails. */
  readonly jails: JailTimes;
  /** Time. */
  readonly clock: Clock;
  /** Where to tell what is assumed. */
  readonly log: Log;
  /** The ban time where fail2ban can't be asked, in milliseconds; `Infinity`: for ever. */
  readonly assumedMs: number;
}

/** A ban whose end is asked for. */
export interface EndlessBan {
  /** The jail that banned. */
  readonly jail: JailName;
  /** Whom it concerns. */
  readonly address: Address;
  /** How long it lasts, in milliseconds, where its line says so. */
  readonly lastsMs?: number;
}

/** Whoever wrote a line later than this from now has another clock, in milliseconds. */
const EARLY_MS = 5_000;
/** The waits for a row that is yet to be written, in milliseconds. */
const ROW_WAITS_MS = [5, 20, 50, 100] as const;
/** After a wait in vain no row is waited for, in milliseconds. */
const NO_WAIT_MS = 10_000;

/** Works out ends. */
export class BanExpiry {
  /** Ends of which a part was assumed. */
  assumed = 0;
  readonly #options: BanExpiryOptions;
  readonly #log: LogThrottle;
  #waitsAgainMs = -Infinity;

  /**
   * Makes one who tells ends.
   *
   * @param options What is asked for.
   */
  constructor(options: BanExpiryOptions) {
    this.#options = options;
    this.#log = new LogThrottle(options.log, options.clock, {
      burst: 1,
      periodMs: 60_000,
    });
  }

  /**
   * Works out the end of a ban.
   *
   * @param ban The ban.
   * @param line The line that says it; empty where there is none.
   * @param signal Ends the waits for answers.
   * @returns Milliseconds since 1970, `Infinity` for never; past when it is over.
   */
  async endOf(
    ban: EndlessBan,
    line: string,
    signal: AbortSignal,
  ): Promise<number> {
    const nowMs = this.#options.clock.nowMs();
    const writtenMs = pastOnly(timeOfLine(line, nowMs), nowMs);
    if (ban.lastsMs !== undefined) {
      return this.#increased(ban.lastsMs, line, writtenMs, nowMs);
    }
    const row = this.#row(ban);
    if (row !== undefined && isOf(row, writtenMs, nowMs)) return row.endsMs;
    const lastsMs = await this.#options.jails.banTimeMs(ban.jail, signal);
    if (writtenMs === undefined || lastsMs === undefined) {
      const late = await this.#waitForRow(ban, writtenMs, signal);
      // Without a date in the line, a row that is over says that the ban is.
      if (late !== undefined) return late.endsMs;
      this.#tellAssumed(ban.jail, writtenMs, lastsMs);
    }
    return (writtenMs ?? nowMs) + (lastsMs ?? this.#options.assumedMs);
  }

  #increased(
    lastsMs: number,
    line: string,
    writtenMs: number | undefined,
    nowMs: number,
  ): number {
    if (lastsMs === Infinity) return Infinity;
    const endMs = endInLine(line);
    return endMs !== undefined && endMs - lastsMs <= nowMs + EARLY_MS
      ? endMs
      : (writtenMs ?? nowMs) + lastsMs;
  }

  #row({ jail, address }: EndlessBan): TicketRow | undefined {
    return this.#options.rows.ticketRow(jail, address);
  }

  /** The row, once it is there; else a row that is over and may be the ban's. */
  async #waitForRow(
    ban: EndlessBan,
    writtenMs: number | undefined,
    signal: AbortSignal,
  ): Promise<TicketRow | undefined> {
    const { clock } = this.#options;
    if (clock.monotonicMs() >= this.#waitsAgainMs) {
      for (const waitMs of ROW_WAITS_MS) {
        await clock.delay(waitMs, signal);
        const row = this.#row(ban);
        if (row !== undefined && isOf(row, writtenMs, clock.nowMs())) {
          return row;
        }
      }
      this.#waitsAgainMs = clock.monotonicMs() + NO_WAIT_MS;
    }
    return writtenMs === undefined ? this.#row(ban) : undefined;
  }

  #tellAssumed(
    jail: JailName,
    writtenMs: number | undefined,
    lastsMs: number | undefined,
  ): void {
    this.assumed++;
    const { assumedMs } = this.#options;
    this.#log.record("warning", "the time of a ban is assumed", {
      jail,
      since: writtenMs === undefined ? "now" : "its line",
      seconds: (lastsMs ?? assumedMs) / 1_000,
      from: lastsMs === undefined ? "bantime" : "the jail",
    });
  }
}

/** A line that was written in the future was written by another clock. */
function pastOnly(
  writtenMs: number | undefined,
  nowMs: number,
): number | undefined {
  return writtenMs !== undefined && writtenMs > nowMs + EARLY_MS
    ? undefined
    : writtenMs;
}

/** Whether a row is of this ban, or a later one, and not of one before. */
function isOf(
  { endsMs }: TicketRow,
  writtenMs: number | undefined,
  nowMs: number,
): boolean {
  return endsMs > (writtenMs ?? nowMs);
}
