/**
 * Until when this host's bans hold.
 *
 * fail2ban's line does not say it. The row of its database does, but comes up
 * to seconds after the line; until then the ban time of the jail counts from
 * when the line was written, and the end is corrected once the row is there
 * (see `end_correction.ts`). What neither tells is assumed, and that is said.
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
  /** When lines were written; by default by this process's zone. */
  readonly lines?: LineClock | undefined;
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

/** What is known of the end of a ban when its line is read. */
export interface EstimatedEnd {
  /** Milliseconds since 1970, `Infinity` for never; past when it is over. */
  readonly endsMs: number;
  /** What a row may still correct; `undefined`: nothing will be known better. */
  readonly awaits?: AwaitedRow;
  /** Whether it is fail2ban's own row of the ban that says so. @default {false} */
  readonly isOfRow?: boolean;
}

/** A row that is yet to be written. */
export interface AwaitedRow {
  /** When the ban's line was written, in milliseconds since 1970; else when it was read. */
  readonly writtenMs: number;
  /** The row as it was when the line was read: that of a ban before, perhaps. */
  readonly before: TicketRow | undefined;
  /** Tells that the end is assumed, should no row come; `undefined`: it is the jail's. */
  readonly tellAssumed: (() => void) | undefined;
}

/** Whoever wrote a line later than this from now has another clock, in milliseconds. */
const EARLY_MS = 5_000;
/** Of the duration in an `Increase Ban`, so much is lost at most where fail2ban rounds it. */
const ROUNDED_PART = 0.005;
/** The waits for a row that is yet to be written, in milliseconds. */
const ROW_WAITS_MS = [5, 20, 50, 100] as const;
/** After a wait in vain no row of that jail is waited for, in milliseconds. */
const NO_WAIT_MS = 10_000;
/** A row of a ban is its own where it began no longer before its line, in milliseconds. */
const SAME_BAN_MS = 5_000;
/** Ban times that are remembered of a jail: of these the shortest counts. */
const REMEMBERED_TIMES = 8;
/** Jails that are remembered; above it all are forgotten. */
const MAX_JAILS = 1_000;

/** What was learned of a jail. */
interface KnownJail {
  /** How long its last bans lasted, in milliseconds. */
  readonly lastsMs: number[];
  waitsAgainMs: number;
}

/** Works out ends. */
export class BanExpiry {
  /** Ends of which a part was assumed. */
  assumed = 0;
  readonly #options: BanExpiryOptions;
  readonly #lines: LineClock;
  readonly #log: LogThrottle;
  readonly #jails = new Map<JailName, KnownJail>();

  /**
   * Makes one who tells ends.
   *
   * @param options What is asked for.
   */
  constructor(options: BanExpiryOptions) {
    this.#options = options;
    this.#lines = options.lines ?? new LineClock();
    this.#log = new LogThrottle(options.log, options.clock, {
      burst: 1,
      periodMs: 60_000,
    });
  }

  /**
   * Works out the end of a ban as far as it is known now.
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
    const { endsMs } = await this.estimate(ban, line, signal);
    return endsMs;
  }

  /**
   * Works out the end of a ban, and says whether its row may still correct it.
   * Waits for the row itself only where the jail's ban time is not known.
   *
   * @param ban The ban.
   * @param line The line that says it; empty where there is none.
   * @param signal Ends the waits for answers.
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
      // Without a date in the line, a row that is over says that the ban is.
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
   * Looks whether a row that was awaited is there.
   *
   * @returns When its ban ends; `undefined`: it is not there yet.
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

  /** A row may be that of a ban before which was lifted by a shorter ban time. */
  #ofRow(ban: EndlessBan, row: TicketRow, writtenMs: number): EstimatedEnd {
    this.#learn(ban.jail, row);
    const { endsMs, beganMs = writtenMs } = row;
    return beganMs >= writtenMs - SAME_BAN_MS
      ? { endsMs, isOfRow: true }
      : { endsMs, awaits: { writtenMs, before: row, tellAssumed: undefined } };
  }

  /** How long a jail bans: as it says, else as short as its last bans. */
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

  /** The row, once it is there; else a row that is over and may be the ban's. */
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
