/**
 * What a monitor asks of its host's fail2ban.
 *
 * @module
 */

import { BanExpiry } from "../../lib/monitor/ban_expiry.ts";
import type { MonitorConfig } from "../../lib/config/config.ts";
import { ExistingBans } from "../../lib/monitor/existing_bans.ts";
import { LogTargetWatch } from "../../lib/monitor/log_target_watch.ts";
import { DriftRepair } from "../../lib/monitor/drift_repair.ts";
import type {
  JailTimes,
  TicketLists,
  TicketRows,
} from "../../lib/fail2ban/ports.ts";
import {
  type KnownBans,
  ReportedBans,
} from "../../lib/monitor/reported_bans.ts";
import { SerialClient } from "../../lib/fail2ban/serial_client.ts";
import { SocketFail2banRun } from "../../lib/fail2ban/io/fail2ban_run.ts";
import { SocketTicketLists } from "../../lib/fail2ban/socket_ticket_lists.ts";
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
  readonly rows: TicketRows & TicketLists;
  readonly clock: Clock;
  readonly log: Log;
  /** When the lines of its log were written. */
  readonly lines: LineClock;
  /** What was reported before; `undefined`: that is not known. */
  readonly reported: KnownBans | undefined;
  /** Up to when it was then, in milliseconds since 1970; `undefined`: this is the first run. */
  readonly reportedUntilMs: number | undefined;
}

/** Lines wait meanwhile. */
const QUESTION_TIMEOUT_MS = 2_000;
const NOBODY: JailTimes = { banTimeMs: () => Promise.resolve(undefined) };

/** A fail2ban that is asked through its socket, if it has one. */
export class AskedFail2ban implements AsyncDisposable {
  /** Until when bans hold. */
  readonly ends: BanExpiry;
  /** Compares what is reported with what it has. */
  readonly drift: DriftRepair;
  /** What is reported. */
  readonly known: ReportedBans;
  /** Asks where it logs to. */
  readonly logTarget: LogTargetWatch | undefined;
  readonly #existing: ExistingBans | undefined;
  readonly #held = new AsyncDisposableStack();

  /**
   * @param config Where it is.
   * @param options What is needed to ask.
   */
  constructor(config: MonitorConfig, options: AskedFail2banOptions) {
    const { fail2banSocket: path, banTimeMs, importExisting } = config;
    const { rows, clock, log, lines } = options;
    const client = path === undefined ? undefined : this.#held.use(
      new SerialClient(
        new Fail2banSocket({ path, questionTimeoutMs: QUESTION_TIMEOUT_MS }),
      ),
    );
    const fail2ban = client && new Fail2banInfo(client, clock);
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
    const { reported, reportedUntilMs } = options;
    const known = this.known = new ReportedBans(reported);
    this.drift = new DriftRepair({
      ...{ clock, log, known, reportedUntilMs },
      lists: [
        ...(client === undefined ? [] : [
          new SocketTicketLists({
            fail2ban: new Fail2banInfo(client, clock),
            ...{ clock, lines, rows },
          }),
        ]),
        rows,
      ],
      server: new SocketFail2banRun(path),
    });
    this.logTarget = client && new LogTargetWatch({
      fail2ban: new Fail2banInfo(client, clock),
      ...{ logPath: config.logPath, logFormat: config.logFormat, clock, log },
      realPath: (path) => Deno.realPath(path).catch(() => path),
    });
    this.#existing = fail2ban !== undefined && importExisting
      ? new ExistingBans({ fail2ban, rows, clock, log })
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
