/**
 * A monitor that compares its reports with a fail2ban in memory.
 *
 * @module
 */

import { BanExpiry } from "../../../lib/monitor/ban_expiry.ts";
import { DriftRepair } from "../../../lib/monitor/drift_repair.ts";
import { ReportedBans } from "../../../lib/monitor/reported_bans.ts";
import { ReportedBansKeeper } from "../../../lib/monitor/reported_bans_keeper.ts";
import { ReportedBansStore } from "../../../lib/monitor/reported_bans_store.ts";
import type { HeldTicket, TicketRow } from "../../../lib/fail2ban/ports.ts";
import {
  countedBy,
  EventMonitorBench,
  MonitorHost,
} from "./event_monitor_bench.ts";
import { address, jail } from "../values/core_values.ts";
import { localTime } from "../memory/memory_fail2ban.ts";

/** The jail of all bans. */
export const SSHD = jail("sshd");

/** In milliseconds. */
export const MINUTE_MS = 60_000;

/** In milliseconds. */
export const HOUR_MS = 60 * MINUTE_MS;

/** Options for {@link DriftBench}. */
export interface DriftBenchOptions {
  readonly isExact?: boolean;
  readonly isFirstRun?: boolean;
  readonly host?: MonitorHost;
  readonly ignoreJails?: readonly string[];
  /** State from an earlier run. */
  readonly stored?: {
    readonly store: ReportedBansStore;
    readonly known: ReportedBans;
  };
}

/** A monitor and a fail2ban whose bans a test sets. */
export class DriftBench implements AsyncDisposable {
  readonly host: MonitorHost;
  readonly known: ReportedBans;
  readonly drift: DriftRepair;
  readonly bench: EventMonitorBench;
  /** fail2ban's bans with their ends, by address. */
  readonly held = new Map<string, { beganMs: number; endsMs: number }>();
  readonly oddJails = new Set<string>();
  /** When fail2ban was started. */
  startedMs: number;
  answers = true;

  constructor(options: DriftBenchOptions = {}) {
    const { isExact = false, isFirstRun = true, stored } = options;
    const { host = new MonitorHost() } = options;
    this.host = host;
    const { clock } = host;
    this.known = stored?.known ?? new ReportedBans();
    this.startedMs = clock.nowMs() - HOUR_MS;
    const tickets = (): HeldTicket[] =>
      [...this.held].map(([text, times]) => ({
        ...{ jail: SSHD, address: address(text), ...times },
      }));
    const list = () =>
      Promise.resolve(
        this.answers
          ? {
            ...{ tickets: tickets(), oddJails: this.oddJails, isExact },
            covers: () => true,
          }
          : undefined,
      );
    const rows = {
      answers: true,
      ticketRow: (_: unknown, text: string): TicketRow | undefined =>
        this.held.get(text),
    };
    const jails = { banTimeMs: () => Promise.resolve(HOUR_MS) };
    const log = { record: () => {} };
    this.drift = new DriftRepair({
      ...{ clock, log, known: this.known, lists: [{ list }] },
      server: { startedMs: () => this.startedMs },
      reportedUntilMs: isFirstRun ? undefined : clock.nowMs(),
    });
    this.bench = new EventMonitorBench(this.host, false, {
      ends: new BanExpiry({ rows, jails, clock, log, assumedMs: MINUTE_MS }),
      known: this.known,
      reported: stored &&
        new ReportedBansKeeper({ clock, log, ...stored }),
      drift: this.drift,
      ignoreJails: options.ignoreJails ?? [],
    });
  }

  /** Makes fail2ban ban without a log line. */
  hold(text: string, lastsMs = HOUR_MS): void {
    const beganMs = this.host.clock.nowMs();
    this.held.set(text, { beganMs, endsMs: beganMs + lastsMs });
  }

  async say(...messages: string[]): Promise<void> {
    const stamp = localTime(this.host.clock.nowMs());
    const lines = messages.map((message) =>
      message.startsWith("[")
        ? `${stamp},000 fail2ban.actions [9]: NOTICE  ${message}\n`
        : `${stamp},000 fail2ban.${
          message.startsWith("Jail") ? "jail" : "server"
        } [9]: INFO    ${message}\n`
    );
    await this.bench.read(lines.join(""));
  }

  /** Lets a minute pass, within which both should agree. */
  async minute(): Promise<void> {
    await this.host.clock.advance(MINUTE_MS);
  }

  get counted(): string[] {
    return countedBy(this.host.publisher);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.bench[Symbol.asyncDispose]();
  }
}
