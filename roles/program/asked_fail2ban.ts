/**
 * A monitor's connection to its host's fail2ban.
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

/** Options for {@link AskedFail2ban}. */
export interface AskedFail2banOptions {
  /** The rows of fail2ban's database. */
  readonly rows: TicketRows & TicketLists;
  readonly clock: Clock;
  readonly log: Log;
  /** Dates the lines of fail2ban's log. */
  readonly lines: LineClock;
  /** The bans reported before; `undefined` when unknown. */
  readonly reported: KnownBans | undefined;
  /**
   * How far those go, in milliseconds since 1970; `undefined` in the first run.
   */
  readonly reportedUntilMs: number | undefined;
}

/** Log lines wait during a question. */
const QUESTION_TIMEOUT_MS = 2_000;
const NOBODY: JailTimes = { banTimeMs: () => Promise.resolve(undefined) };

/** This host's fail2ban, asked through its socket if one is configured. */
export class AskedFail2ban implements AsyncDisposable {
  /** Finds when bans expire. */
  readonly ends: BanExpiry;
  /** Compares the reported bans with fail2ban's. */
  readonly drift: DriftRepair;
  /** The reported bans. */
  readonly known: ReportedBans;
  /** Checks where fail2ban logs to. */
  readonly logTarget: LogTargetWatch | undefined;
  readonly #existing: ExistingBans | undefined;
  readonly #held = new AsyncDisposableStack();

  /**
   * @param config The monitor's configuration.
   * @param options See {@link AskedFail2banOptions}.
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
   * The existing bans to report, if any: there is no stored log position, or it
   * was stored before they were reported.
   *
   * @param from The stored position.
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
