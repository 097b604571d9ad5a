/**
 * What a monitor asks of its host's fail2ban.
 *
 * @module
 */

import { BanExpiry } from "../../lib/monitor/ban_expiry.ts";
import type { MonitorConfig } from "../../lib/config/config.ts";
import { ExistingBans } from "../../lib/monitor/existing_bans.ts";
import type { JailTimes, TicketRows } from "../../lib/fail2ban/ports.ts";
import { Fail2banSocket } from "../../lib/fail2ban/io/fail2ban_socket.ts";
import { JailBanTimes } from "../../lib/fail2ban/jail_ban_times.ts";
import type { LineClock } from "../../lib/fail2ban/line_clock.ts";
import { Fail2banInfo } from "../../lib/fail2ban/fail2ban_info.ts";
import type { Clock } from "../../lib/async/clock.ts";
import type { Log } from "../../lib/log/log.ts";
import type { LogPosition } from "../../lib/tail/ports.ts";

/** What is needed to ask. */
export interface AskedFail2banOptions {
  /** The rows of fail2ban's database. */
  readonly rows: TicketRows;
  readonly clock: Clock;
  readonly log: Log;
  /** When the lines of its log were written. */
  readonly lines: LineClock;
}

/** Lines wait meanwhile. */
const QUESTION_TIMEOUT_MS = 2_000;
const NOBODY: JailTimes = { banTimeMs: () => Promise.resolve(undefined) };

/** A fail2ban that is asked through its socket, if it has one. */
export class AskedFail2ban implements AsyncDisposable {
  /** Until when bans hold. */
  readonly ends: BanExpiry;
  readonly #existing: ExistingBans | undefined;
  readonly #held = new AsyncDisposableStack();

  /**
   * @param config Where it is.
   * @param options What is needed to ask.
   */
  constructor(config: MonitorConfig, options: AskedFail2banOptions) {
    const { fail2banSocket: path, banTimeMs, importExisting } = config;
    const { rows, clock, log, lines } = options;
    const fail2ban = path === undefined ? undefined : new Fail2banInfo(
      this.#held.use(
        new Fail2banSocket({ path, questionTimeoutMs: QUESTION_TIMEOUT_MS }),
      ),
      clock,
    );
    const jails = fail2ban === undefined
      ? NOBODY
      : new JailBanTimes({ fail2ban, clock, log });
    this.ends = new BanExpiry({
      rows,
      jails,
      clock,
      log,
      lines,
      assumedMs: banTimeMs,
    });
    this.#existing = fail2ban !== undefined && importExisting
      ? new ExistingBans({ fail2ban, clock, log })
      : undefined;
  }

  /**
   * The bans that are yet to be reported, where they are wanted: there is no
   * place in the log yet, or it was stored before they were.
   *
   * @param from The stored place.
   */
  existingAt(from: LogPosition | undefined): ExistingBans | undefined {
    return from === undefined || from.importing === true
      ? this.#existing
      : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held.disposeAsync();
  }
}
