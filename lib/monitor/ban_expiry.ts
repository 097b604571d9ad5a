/**
 * Determines when this host's bans end.
 *
 * fail2ban's line does not say. The row in its database does, but is written up
 * to seconds after the line. Until then the jail's ban time is added to the
 * time of the line, and the end is corrected once there is a row (see
 * `end_correction.ts`). What neither tells is assumed, and logged.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { JailTimes, TicketRow, TicketRows } from "../fail2ban/ports.ts";
import type { JailName } from "../base/jail_name.ts";
import { LineClock } from "../fail2ban/line_clock.ts";
import { LogThrottle } from "../log/log_throttle.ts";
import type { Clock } from "../async/clock.ts";
import type { Log } from "../log/log.ts";

/** Options for {@link BanExpiry}. */
export interface BanExpiryOptions {
  /** The rows of fail2ban's database. */
  readonly rows: TicketRows;
  /** The ban times of fail2ban's jails. */
  readonly jails: JailTimes;
  /** Time. */
  readonly clock: Clock;
  /** Receives records of assumptions. */
  readonly log: Log;
  /**
   * The ban time when fail2ban can't be asked, in milliseconds; `Infinity`:
   * forever.
   */
  readonly assumedMs: number;
  /** Reads the times of lines; by default in this process's time zone. */
  readonly lines?: LineClock | undefined;
}

/** A ban whose end is wanted. */
export interface EndlessBan {
  /** The jail that banned. */
  readonly jail: JailName;
  /** The banned address. */
  readonly address: Address;
  /** Its duration in milliseconds, if its line says so. */
  readonly lastsMs?: number;
}

/** What is known of a ban's end when its line is read. */
export interface EstimatedEnd {
  /**
   * Milliseconds since 1970, `Infinity` for never; in the past if the ban has
   * ended.
   */
  readonly endsMs: number;
  /** The row that may correct it; `undefined`: no correction will come. */
  readonly awaits?: AwaitedRow;
  /** Whether the end is from fail2ban's own row of the ban. @default {false} */
  readonly isOfRow?: boolean;
}

/** A row that has not been written yet. */
export interface AwaitedRow {
  /**
   * When the ban's line was written, in milliseconds since 1970, or else was
   * read.
   */
  readonly writtenMs: number;
  /** The row when the line was read, perhaps of an earlier ban. */
  readonly before: TicketRow | undefined;
  /**
   * Logs the end as assumed if no row comes; `undefined`: the end is the
   * jail's.
   */
  readonly tellAssumed: (() => void) | undefined;
}

/**
 * A line further in the future was written by another clock, in milliseconds.
 */
const EARLY_MS = 5_000;
/**
 * Maximum rounding error in the duration of an `Increase Ban`, as a fraction.
 */
const ROUNDED_PART = 0.005;
/** Waits for a row that has not been written yet, in milliseconds. */
const ROW_WAITS_MS = [5, 20, 50, 100] as const;
/**
 * After a vain wait, no wait for rows of that jail for this long, in
 * milliseconds.
 */
const NO_WAIT_MS = 10_000;
/**
 * A row is of the ban if it began at most this long before the line, in
 * milliseconds.
 */
const SAME_BAN_MS = 5_000;
/** Number of remembered ban times of a jail; the shortest counts. */
const REMEMBERED_TIMES = 8;
/** Number of remembered jails; above it all are forgotten. */
const MAX_JAILS = 1_000;

/** What was learned of a jail. */
interface KnownJail {
  /** Durations of its last bans, in milliseconds. */
  readonly lastsMs: number[];
  waitsAgainMs: number;
}

/** Determines the ends of bans. */
export class BanExpiry {
  /** Number of ends that were partly assumed. */
  assumed = 0;
  readonly #options: BanExpiryOptions;
  readonly #lines: LineClock;
  readonly #log: LogThrottle;
  readonly #jails = new Map<JailName, KnownJail>();

  /** @param options See {@link BanExpiryOptions}. */
  constructor(options: BanExpiryOptions) {
    this.#options = options;
    this.#lines = options.lines ?? new LineClock();
    this.#log = new LogThrottle(options.log, options.clock, {
      burst: 1,
      periodMs: 60_000,
    });
  }

  /**
   * Determines the end of a ban as far as it is known now.
   *
   * @param ban The ban.
   * @param line The line that reports it; empty if there is none.
   * @param signal Aborts the waits for answers.
   * @returns Milliseconds since 1970, `Infinity` for never; in the past if the
   * ban has ended.
   */
  async endOf(
    ban: EndlessBan,
    line: string,
    signal: AbortSignal,
  ): Promise<number> {
    const { endsMs } = await this.estimate(ban, line, signal);
    return endsMs;
  }

  /**
   * Determines the end of a ban, and whether its row may still correct it.
   * Waits for the row only if the time of the line or the jail's ban time is
   * unknown.
   *
   * @param ban The ban.
   * @param line The line that reports it; empty if there is none.
   * @param signal Aborts the waits for answers.
   */
  async estimate(
    ban: EndlessBan,
    line: string,
    signal: AbortSignal,
  ): Promise<EstimatedEnd> {
    const nowMs = this.#options.clock.nowMs();
    const writtenMs = pastOnly(this.#lines.timeOf(line, nowMs), nowMs);
    if (ban.lastsMs !== undefined) {
      return { endsMs: this.#increased(ban.lastsMs, line, writtenMs, nowMs) };
    }
    const before = this.#row(ban);
    if (before !== undefined && isOf(before, writtenMs, nowMs)) {
      return this.#ofRow(ban, before, writtenMs ?? nowMs);
    }
    const lastsMs = await this.#lastsMs(ban.jail, signal);
    if (writtenMs === undefined || lastsMs === undefined) {
      const late = await this.#waitForRow(ban, writtenMs, signal);
      // For a line without a date, a row that has ended means that the ban has.
      if (late !== undefined) return this.#ofRow(ban, late, nowMs);
    }
    const endsMs = (writtenMs ?? nowMs) + (lastsMs ?? this.#options.assumedMs);
    const tellAssumed = writtenMs === undefined || lastsMs === undefined
      ? () => this.#tellAssumed(ban.jail, writtenMs, lastsMs)
      : undefined;
    if (this.#options.rows.answers === true) {
      const since = { writtenMs: writtenMs ?? nowMs, before, tellAssumed };
      return { endsMs, awaits: since };
    }
    tellAssumed?.();
    return { endsMs };
  }

  /**
   * Looks for a row that was awaited.
   *
   * @returns The end of its ban; `undefined`: there is no row yet.
   */
  endInRow(
    ban: EndlessBan,
    { writtenMs, before }: AwaitedRow,
  ): number | undefined {
    const row = this.#row(ban);
    if (
      row === undefined || !isOf(row, writtenMs, writtenMs) ||
      row.endsMs === before?.endsMs && row.beganMs === before.beganMs
    ) return undefined;
    this.#learn(ban.jail, row);
    return row.endsMs;
  }

  /** The row may be of an earlier ban that a shorter ban time ended. */
  #ofRow(ban: EndlessBan, row: TicketRow, writtenMs: number): EstimatedEnd {
    this.#learn(ban.jail, row);
    const { endsMs, beganMs = writtenMs } = row;
    return beganMs >= writtenMs - SAME_BAN_MS
      ? { endsMs, isOfRow: true }
      : { endsMs, awaits: { writtenMs, before: row, tellAssumed: undefined } };
  }

  /**
   * A jail's ban time: as fail2ban says, or else the shortest of its last bans.
   */
  async #lastsMs(
    jail: JailName,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const lastsMs = await this.#options.jails.banTimeMs(jail, signal);
    if (lastsMs !== undefined) return lastsMs;
    const { lastsMs: known = [] } = this.#jails.get(jail) ?? {};
    return known.length === 0 ? undefined : Math.min(...known);
  }

  #learn(jail: JailName, { beganMs, endsMs }: TicketRow): void {
    if (beganMs === undefined) return;
    const { lastsMs } = this.#jail(jail);
    lastsMs.push(endsMs - beganMs);
    if (lastsMs.length > REMEMBERED_TIMES) lastsMs.shift();
  }

  #jail(jail: JailName): KnownJail {
    const known = this.#jails.get(jail);
    if (known !== undefined) return known;
    if (this.#jails.size >= MAX_JAILS) this.#jails.clear();
    const made = { lastsMs: [], waitsAgainMs: -Infinity };
    this.#jails.set(jail, made);
    return made;
  }

  #increased(
    lastsMs: number,
    line: string,
    writtenMs: number | undefined,
    nowMs: number,
  ): number {
    if (lastsMs === Infinity) return Infinity;
    const endMs = this.#lines.endIn(line);
    const latestMs = nowMs + EARLY_MS + lastsMs * (1 + ROUNDED_PART);
    return endMs !== undefined && endMs <= latestMs
      ? endMs
      : (writtenMs ?? nowMs) + lastsMs;
  }

  #row({ jail, address }: EndlessBan): TicketRow | undefined {
    return this.#options.rows.ticketRow(jail, address);
  }

  /** The row, once there is one; or else an ended row that may be the ban's. */
  async #waitForRow(
    ban: EndlessBan,
    writtenMs: number | undefined,
    signal: AbortSignal,
  ): Promise<TicketRow | undefined> {
    const { clock } = this.#options;
    const jail = this.#jail(ban.jail);
    if (clock.monotonicMs() >= jail.waitsAgainMs) {
      for (const waitMs of ROW_WAITS_MS) {
        await clock.delay(waitMs, signal);
        const row = this.#row(ban);
        if (row !== undefined && isOf(row, writtenMs, clock.nowMs())) {
          return row;
        }
      }
      jail.waitsAgainMs = clock.monotonicMs() + NO_WAIT_MS;
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

/** A line with a time in the future was written by another clock. */
function pastOnly(
  writtenMs: number | undefined,
  nowMs: number,
): number | undefined {
  return writtenMs !== undefined && writtenMs > nowMs + EARLY_MS
    ? undefined
    : writtenMs;
}

/** Whether a row is of this ban or a later one, not of an earlier one. */
function isOf(
  { endsMs }: TicketRow,
  writtenMs: number | undefined,
  nowMs: number,
): boolean {
  return endsMs > (writtenMs ?? nowMs);
}
