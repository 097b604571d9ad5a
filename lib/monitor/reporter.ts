/**
 * Turns a monitor's detections into reports: without the cluster's own actions
 * and protected addresses, and with the ends of bans.
 *
 * @module
 */

import type { BanExpiry, EstimatedEnd } from "./ban_expiry.ts";
import { EchoFilter } from "./echo_filter.ts";
import type { HostName } from "../base/host_name.ts";
import { type CorrectedEnd, EndCorrection } from "./end_correction.ts";
import type {
  DetectedBan,
  DetectedUnban,
  Detection,
} from "./restart_filter.ts";
import { eventIdOfRepair } from "./event_id.ts";
import type { JailName } from "../base/jail_name.ts";
import { matchesAnyName } from "../base/name_patterns.ts";
import { keyOf } from "../ban/ban.ts";
import type { UnbanReason } from "../ban/ban_event.ts";
import { LineClock } from "../fail2ban/line_clock.ts";
import type { Clock } from "../async/clock.ts";
import type { DetectionOracle, HeldTicket } from "../fail2ban/ports.ts";
import type { EchoOracle } from "../enforce/enforcer.ts";
import type { Log } from "../log/log.ts";
import {
  type CurrentPolicy,
  refusal,
} from "../protection/protection_policy.ts";
import type { KnownBan, ReportedBans } from "./reported_bans.ts";
import type { Report, ReportLink } from "./report_link.ts";
import { StandingReports } from "./standing_reports.ts";
import { Condition } from "../async/tasks.ts";

/** Options for {@link Reporter}. */
export interface ReporterOptions {
  /** The link to the publisher. */
  readonly link: ReportLink;
  /** Determines the ends of bans, for a link that carries times. */
  readonly ends?: BanExpiry | undefined;
  /** This host's subscriber's bans; by default none. */
  readonly echoes?: EchoOracle;
  /** The bans that this host's fail2ban decided itself; by default unknown. */
  readonly detections?: DetectionOracle;
  /** Reads the times of lines; by default in this process's time zone. */
  readonly lineClock?: LineClock | undefined;
  /** Records what was reported, for comparisons with fail2ban. */
  readonly known?: ReportedBans | undefined;
  /** Time. */
  readonly clock: Clock;
  /** Receives log records. */
  readonly log: Log;
  /** This node's name. */
  readonly hostName: HostName;
  /** The protected addresses; asked for each ban. */
  readonly protection: CurrentPolicy;
  /** Patterns of jails that are not reported. @default {[]} */
  readonly ignoreJails?: readonly string[];
  /** Whether to read and log only, without reports and stores. */
  readonly dryRun: boolean;
}

/** What a reporter has done so far. */
export interface ReporterCounters {
  /** Bans and unbans handed to the link. */
  reported: number;
  /** Bans of protected addresses, which were left out. */
  refused: number;
  /** Bans and unbans of jails that are not reported. */
  ignored: number;
  /** Bans and unbans that the cluster caused, which were left out. */
  echoes: number;
  /** Reported ends that fail2ban's database corrected. */
  corrected: number;
  /** Bans that had ended before they could be reported. */
  over: number;
}

/** What to report. */
export type DetectionReport = (ToldBan | DetectedUnban) & ReportSource;

/** A ban, and its end if known. */
type ToldBan = DetectedBan & {
  /** When the ban ends, if known, in milliseconds since 1970. */
  readonly expiresMs?: number | undefined;
};

/** Source of a report. */
interface ReportSource {
  /** Its line; empty if there is none any more. */
  readonly line: string;
  /** When it happened, if no line says so, in milliseconds since 1970. */
  readonly atMs?: number | undefined;
}

/**
 * Ends that differ by less are equal, in milliseconds: clocks are read twice.
 */
const SAME_END_MS = 1_000;

/** Reports detections. */
export class Reporter {
  /**
   * Total time that waits have delayed the reading of lines, in milliseconds.
   */
  blockedMs = 0;
  readonly #options: ReporterOptions;
  readonly #troubleLog: Log;
  readonly #counters: ReporterCounters;
  readonly #echoes: EchoFilter | undefined;
  readonly #lineClock: LineClock;
  readonly #corrections: EndCorrection | undefined;
  /** Repeats or takes back earlier reports. */
  readonly standing: StandingReports;

  /**
   * @param options See {@link ReporterOptions}.
   * @param troubleLog Receives records that may come without end.
   * @param counters Receives the counts.
   */
  constructor(
    options: ReporterOptions,
    troubleLog: Log,
    counters: ReporterCounters,
  ) {
    this.#options = options;
    this.#troubleLog = troubleLog;
    this.#counters = counters;
    const { echoes, detections, ends, clock, link } = options;
    this.#lineClock = options.lineClock ?? new LineClock();
    this.#corrections = ends !== undefined && link.carriesTimes
      ? new EndCorrection({ ends, clock })
      : undefined;
    this.standing = new StandingReports({
      ...options,
      isIgnored: (jail) => this.isIgnored(jail),
      handOver: (report, signal) => this.#handOver(report, signal),
    });
    this.#echoes = echoes && new EchoFilter(echoes, { detections });
  }

  /**
   * Reports an event, unless it must not be reported; waits while the link is
   * full.
   *
   * @param event The event.
   * @param signal Aborts the waits.
   * @returns Whether it was reported.
   */
  async report(event: DetectionReport, signal: AbortSignal): Promise<boolean> {
    const { protection, log, dryRun } = this.#options;
    const { jail, address } = event;
    if (this.isIgnored(jail)) {
      this.#counters.ignored++;
      return false;
    }
    if (this.#isEcho(event)) {
      this.#counters.echoes++;
      log.record("debug", `own ${event.kind} not reported`, { jail, address });
      this.#note(event, "left", Infinity);
      return false;
    }
    const refused = event.kind === "ban"
      ? refusal(address, protection())
      : undefined;
    if (refused !== undefined) {
      this.#counters.refused++;
      this.#troubleLog.record("warning", "protected address not reported", {
        jail,
        address,
        rule: refused.rule,
        because: refused.because,
      });
      this.#note(event, "left", Infinity);
      return false;
    }
    if (dryRun) {
      log.record("notice", `would report ${event.kind}`, { jail, address });
      this.#note(event, "left", Infinity);
      return false;
    }
    const endsMs = await this.#submit(event, signal);
    this.#counters.reported++;
    if (endsMs > this.#options.clock.nowMs()) return true;
    this.#counters.over++;
    this.#troubleLog.record("warning", "a ban is over by its time already", {
      ...{ jail, address },
      agoSeconds: Math.round(
        (this.#options.clock.nowMs() - endsMs) / 1_000,
      ),
    });
    return true;
  }

  /** Whether a jail is not reported. */
  isIgnored(jail: JailName): boolean {
    return matchesAnyName(this.#options.ignoreJails ?? [], jail);
  }

  /**
   * Reports a new end of a reported ban.
   *
   * @param ticket The ban and its end.
   * @param signal Aborts the waits.
   * @returns Whether it was reported.
   */
  async moveEnd(ticket: HeldTicket, signal: AbortSignal): Promise<boolean> {
    const { known, link, dryRun } = this.#options;
    const reportedMs = known?.get(ticket)?.endsMs;
    const { jail, address, endsMs } = ticket;
    if (
      endsMs === undefined || reportedMs === undefined || dryRun ||
      !link.carriesTimes
    ) return false;
    const id = eventIdOfRepair(keyOf(ticket), this.#options.clock.nowMs());
    const madeMs = ticket.beganMs;
    const ban = { kind: "ban" as const, jail, address, id, madeMs };
    await this.#correct({ ban, reportedMs, endsMs }, signal);
    return true;
  }

  /**
   * Reports the right ends of bans once fail2ban's database has them, until
   * aborted.
   *
   * @param inTurn Keeps these reports apart from those of lines.
   * @param signal Ends it.
   */
  async correctEnds(
    inTurn: (work: () => Promise<void>) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#corrections?.run(
      inTurn,
      async (known) => {
        await this.#correct(known, signal);
        // Its row was seen, so its disappearance will be noticed.
        this.#options.known?.list(known.ban);
      },
      signal,
    );
    await new Condition().wait(signal);
  }

  /**
   * Reports the ban again with its right end, or an unban if it has ended by
   * then.
   */
  async #correct(
    { ban, reportedMs, endsMs }: CorrectedEnd,
    signal: AbortSignal,
  ): Promise<void> {
    // The difference of two infinite ends is no number.
    if (endsMs === reportedMs || Math.abs(endsMs - reportedMs) < SAME_END_MS) {
      return;
    }
    const { hostName: origin, known, clock, log } = this.#options;
    const { jail, address, madeMs } = ban;
    const nowMs = clock.nowMs();
    const isOver = endsMs <= nowMs;
    const kind = isOver ? "unban" : "ban";
    const id = eventIdOfRepair(`${kind} ${keyOf(ban)} ${ban.id}`, nowMs);
    const report = { origin, jail, address, id };
    this.#counters.corrected++;
    log.record("debug", "the end of a ban is corrected", {
      ...{ jail, address },
      bySeconds: Math.round((endsMs - reportedMs) / 1_000),
    });
    await this.#handOver(
      isOver
        ? { ...report, kind: "unban", why: "ended" }
        : { ...report, kind: "ban", expiresMs: endsMs, madeMs },
      signal,
    );
    // Only now: a record counts as reported once the link has settled it.
    const notedMs = known?.get(ban)?.notedMs ?? nowMs;
    known?.note({ jail, address, state: "reported", endsMs, notedMs });
  }

  /** Submits a report; the restart filter's time stands still meanwhile. */
  async #handOver(report: Report, signal: AbortSignal): Promise<void> {
    const { clock, link } = this.#options;
    const sinceMs = clock.monotonicMs();
    await link.submit(report, signal);
    this.blockedMs += clock.monotonicMs() - sinceMs;
  }

  /** Records the last event of a ban, for comparisons with fail2ban. */
  #note(
    { kind, jail, address, ...event }: Detection & Partial<ReportSource>,
    state: KnownBan["state"],
    endsMs: number,
  ): void {
    const notedMs = kind === "unban" && this.#timeOf(event) ||
      this.#options.clock.nowMs();
    this.#options.known?.note({ jail, address, state, endsMs, notedMs });
  }

  /** When it happened, if known. */
  #timeOf({ line = "", atMs }: Partial<ReportSource>): number | undefined {
    return line === ""
      ? atMs
      : this.#lineClock.timeOf(line, this.#options.clock.nowMs());
  }

  #isEcho(event: DetectionReport): boolean {
    const { kind, jail, address } = event;
    const atMs = this.#timeOf(event);
    return this.#echoes?.isEcho({ kind, jail, address, atMs }) === true;
  }

  /** @returns When the ban ends; `Infinity` for an unban. */
  async #submit(event: DetectionReport, signal: AbortSignal): Promise<number> {
    const { clock } = this.#options;
    const sinceMs = clock.monotonicMs();
    const endsMs = event.kind === "ban"
      ? await this.#submitBan(event, signal)
      : await this.#submitUnban(event, signal);
    this.blockedMs += clock.monotonicMs() - sinceMs;
    return endsMs;
  }

  async #submitBan(
    event: ToldBan & ReportSource,
    signal: AbortSignal,
  ): Promise<number> {
    const { hostName: origin, link } = this.#options;
    const { kind, jail, address, id } = event;
    const end = await this.#endOf(event, signal);
    const expiresMs = end.endsMs;
    const madeMs = this.#timeOf(event);
    const report = { kind, origin, jail, address, id, expiresMs, madeMs };
    await link.submit(report, signal);
    this.#corrections?.watch({ ...event, madeMs }, end);
    this.#note(event, "reported", expiresMs);
    if (end.isOfRow === true) this.#options.known?.list(event);
    return expiresMs;
  }

  async #submitUnban(
    event: DetectedUnban & ReportSource,
    signal: AbortSignal,
  ): Promise<number> {
    const { hostName: origin, link } = this.#options;
    const { kind, jail, address, id } = event;
    const why = this.#reasonOf(event);
    await link.submit({ kind, origin, jail, address, id, why }, signal);
    this.#corrections?.forget(event);
    this.#note(event, "lifted", Infinity);
    return Infinity;
  }

  /** The row of an ended ban may have been purged before its line was read. */
  #reasonOf(event: DetectedUnban & ReportSource): UnbanReason {
    const { known, clock } = this.#options;
    const endsMs = known?.get(event)?.endsMs ?? Infinity;
    const atMs = this.#timeOf(event) ?? clock.nowMs();
    return atMs < endsMs - SAME_END_MS ? event.why : "ended";
  }

  async #endOf(
    event: ToldBan & ReportSource,
    signal: AbortSignal,
  ): Promise<EstimatedEnd> {
    const { link, ends } = this.#options;
    const { expiresMs, line } = event;
    if (expiresMs !== undefined) return { endsMs: expiresMs };
    if (ends === undefined || !link.carriesTimes) return { endsMs: Infinity };
    return await ends.estimate(event, line, signal);
  }
}
